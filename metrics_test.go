package xjpgateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// scrape reads a metric's sample by the beginning of its line, "" if there is none.
func scrape(t *testing.T, address, sample string) string {
	t.Helper()
	res, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if value, ok := strings.CutPrefix(line, sample+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestGauges checks what is counted up and down again, and refusals of all endpoints.
func TestGauges(t *testing.T) {
	address := gatewaytest.Run(t, `{
	admin off
	persist_config off
	log {
		level ERROR
	}
}
http://127.0.0.1:{port} {
	bind 127.0.0.1
	metrics /metrics
	xjp_gateway {
		provider demo
		key `+gatewaytest.Key+`
	}
}`)
	const streams = `caddy_xjp_streams_open{dialect="openai"}`
	r, _ := http.NewRequest("POST", address+"/v1/chat/completions", strings.NewReader(`{"model":"demo","stream":true,"messages":[{"role":"user","content":"demo: stall after 1"}]}`))
	r.Header.Set("Authorization", "Bearer "+gatewaytest.Key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := scrape(t, address, streams); got != "1" {
		t.Errorf("during a stream %s is %q", streams, got)
	}
	res.Body.Close()
	for range 250 {
		if scrape(t, address, streams) == "0" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := scrape(t, address, streams); got != "0" {
		t.Errorf("after the stream %s is %q", streams, got)
	}
	before := scrape(t, address, "caddy_xjp_auth_failures_total")
	r, _ = http.NewRequest("GET", address+"/v1/models", nil)
	if status, _ := ask(t, r, "XJP_wrong_key"); status != http.StatusUnauthorized {
		t.Fatalf("a wrong key is answered with %d", status)
	}
	if after := scrape(t, address, "caddy_xjp_auth_failures_total"); after == before {
		t.Errorf("a refusal on /v1/models leaves auth_failures_total at %s", after)
	}
}

// TestBreakerState checks that a scrape tells what rests at its moment.
func TestBreakerState(t *testing.T) {
	address := gatewaytest.Run(t, `{
	admin off
	persist_config off
	metrics
	log {
		level ERROR
	}
	xjp {
		log_filter ok
		retry 0
		provider demo
		key `+gatewaytest.Key+`
		model demo {
			route demo demo
		}
	}
}
http://127.0.0.1:{port} {
	bind 127.0.0.1
	metrics /metrics
	xjp_gateway
}
`)
	state := func() string {
		return scrape(t, address, `caddy_xjp_breaker_state{model="demo",provider="demo",route="demo#1"}`)
	}
	ask := func(text string) int {
		r, _ := http.NewRequest(http.MethodPost, address+"/v1/chat/completions", strings.NewReader(`{"model":"demo","messages":[{"role":"user","content":"`+text+`"}]}`))
		r.Header.Set("Authorization", "Bearer "+gatewaytest.Key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if s := state(); s != "0" {
		t.Errorf("at first: %q", s)
	}
	for range 5 {
		if status := ask("demo: status 500"); status != 502 {
			t.Fatalf("a failing provider: %d", status)
		}
	}
	if s, status := state(), ask("Hello"); s != "2" || status != 503 {
		t.Errorf("after five failures: state %q, status %d", s, status)
	}
	gatewaytest.Wake()
	if s, status := state(), ask("Hello"); s != "0" || status != 200 {
		t.Errorf("after an operator has ended it: state %q, status %d", s, status)
	}
	if n := scrape(t, address, `caddy_xjp_breaker_changes_total{model="demo",of="route",provider="demo",to="open"}`); n == "" {
		t.Error("the change is not counted")
	}
}
