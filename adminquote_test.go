package xjpgateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// quoteSite has a model of which the tokens have a price.
const quoteSite = `{
	admin off
	persist_config off
	log {
		level PANIC
	}
	xjp {
		provider demo
		model m {
			route demo a
			price {
				input 3
				output 15
				override {
					service_tier priority
					input 6
					output 30
				}
				override {
					service_tier fast
					input 30
					output 150
				}
			}
		}
		key XJP_quote_test_key
	}
}
http://127.0.0.1:{port} {
	bind 127.0.0.1
	respond /healthz 200
	handle_path /admin/* {
		xjp_auth {
			tenants default
		}
		xjp_admin
	}
}
`

// quoted asks for a quote.
func quoted(t *testing.T, address, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address+"/admin/xjp/billing/quote", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", "XJP_quote_test_key")
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestQuotedUsage checks that a usage is priced as it is, and that one whose counts cannot
// be meant is not.
func TestQuotedUsage(t *testing.T) {
	address := gatewaytest.Run(t, quoteSite)
	for _, test := range []struct {
		usage  string
		status int
		want   string
	}{
		{`{"prompt_tokens":1000000,"completion_tokens":1000}`, 200, `"total_cost": "3.015"`},
		{`{"usage":{"prompt_tokens":1000000,"completion_tokens":1000}}`, 200, `"total_cost": "3.015"`},
		{`{"prompt_tokens":1000000000,"completion_tokens":1e9,"prompt_tokens_details":null}`, 200, `"total_cost": "18000"`},
		{`{"usage":{"prompt_tokens":-1000,"completion_tokens":500}}`, 400, "usage: prompt_tokens: must not be negative"},
		{`{"prompt_tokens":9000000000000000000,"completion_tokens":9000000000000000000}`, 400, "usage: prompt_tokens: must be at most 1000000000"},
		{`{"prompt_tokens":1,"completion_tokens":9000000000000000000000}`, 400, "usage: completion_tokens: must be a whole number"},
		{`{"prompt_tokens":"1000","completion_tokens":500}`, 400, "usage: prompt_tokens: must be a whole number"},
		{`{"prompt_tokens":1000,"prompt_tokens_details":{"cached_tokens":-5}}`, 400, "usage: cached_tokens: must not be negative"},
		{`{"prompt_tokens":1000,"server_tool_use":{"web_search_requests":-5}}`, 400, "usage: web_search_requests: must not be negative"},
		{`{}`, 400, "usage: holds no counts"},
	} {
		for _, named := range []string{`"provider_model_id":"a"`, `"model":"m"`} {
			if status, got := quoted(t, address, `{`+named+`,"usage":`+test.usage+`}`); status != test.status || !strings.Contains(got, test.want) {
				t.Errorf("%s %s: %d %s, want %d %s", named, test.usage, status, got, test.status, test.want)
			}
		}
	}
}

// TestQuotedTier checks that a quote is at the tier that it names, or that its request asks
// for.
func TestQuotedTier(t *testing.T) {
	address := gatewaytest.Run(t, quoteSite)
	for body, want := range map[string]string{
		`{"model":"m","input_tokens":1000000,"output_tokens":0}`:                                                                                           `"total_cost": "3"`,
		`{"model":"m","input_tokens":1000000,"service_tier":"priority"}`:                                                                                   `"total_cost": "6"`,
		`{"model":"m","usage":{"prompt_tokens":1000000},"service_tier":"priority"}`:                                                                        `"total_cost": "6"`,
		`{"provider_model_id":"a","usage":{"usage":{"prompt_tokens":1000000}},"service_tier":"fast"}`:                                                      `"total_cost": "30"`,
		`{"request":{"model":"m","max_tokens":40,"messages":[{"role":"user","content":"Hi"}]}}`:                                                            `"completion": "0.000015"`,
		`{"request":{"model":"m","service_tier":"default","max_tokens":40,"messages":[{"role":"user","content":"Hi"}]}}`:                                   `"completion": "0.000015"`,
		`{"request":{"model":"m","service_tier":"priority","max_tokens":40,"messages":[{"role":"user","content":"Hi"}]}}`:                                  `"completion": "0.00003"`,
		`{"dialect":"anthropic","request":{"model":"m","service_tier":"auto","max_tokens":40,"messages":[{"role":"user","content":"Hi"}]}}`:                `"completion": "0.000015"`,
		`{"dialect":"anthropic","request":{"model":"m","service_tier":"auto","speed":"fast","max_tokens":40,"messages":[{"role":"user","content":"Hi"}]}}`: `"completion": "0.00015"`,
	} {
		if status, got := quoted(t, address, body); status != 200 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s, want %s", body, status, got, want)
		}
	}
}
