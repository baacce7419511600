package native

import (
	"net/http"
	"strings"
	"testing"
)

// samples reads all samples of the gateway from the admin API.
func (s *server) samples() map[string]string {
	s.t.Helper()
	_, text := s.get("http://" + s.admin + "/metrics")
	found := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && strings.HasPrefix(name, "caddy_xjp_") {
			found[strings.TrimPrefix(name, "caddy_xjp_")+"}"] = value
		} else if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, "caddy_xjp_") {
			found[strings.TrimPrefix(name, "caddy_xjp_")] = value
		}
	}
	return found
}

// changed lists how much samples have grown, for those that start with a name.
func changed(before, after map[string]string, name string) map[string]float64 {
	grown := map[string]float64{}
	for sample := range after {
		if strings.HasPrefix(sample, name) {
			if by := number(after[sample]) - number(before[sample]); by != 0 {
				grown[sample] = by
			}
		}
	}
	return grown
}

// TestMetrics checks each metric through the admin API.
func TestMetrics(t *testing.T) {
	app := tellingApp(telling(t))
	s := start(t, app, "\txjp_gateway\n")
	before := s.samples()
	s.post(chat, ask(chat, "by-chat", canaryPrompt, false))
	s.post(messages, ask(messages, "by-chat", canaryPrompt, true))
	s.post(chat, strings.Replace(ask(chat, "by-messages", canaryPrompt, true), "{", `{"logit_bias":{"1":2},`, 1))
	s.post(messages, ask(messages, "second", canaryPrompt, false))
	s.post(chat, ask(chat, "none", canaryPrompt, false))
	s.post(chat, ask(chat, "breaks", canaryPrompt, true))
	s.post(chat, ask(chat, "any model that "+canaryPrompt, "hi", false))
	s.post(chat, ask(chat, "any other model", "hi", false))
	r := s.request(http.MethodPost, chat, ask(chat, "by-chat", "hi", false))
	r.Header.Set("Authorization", "Bearer XJP_wrong_key")
	s.do(r)
	after := s.samples()
	for _, test := range []struct {
		name, metric string
		want         map[string]float64
	}{
		{"check 22: requests, with labels from the configuration alone", "requests_total", map[string]float64{
			`requests_total{dialect="openai",model="by-chat",provider="chat",status="2xx"}`:         1,
			`requests_total{dialect="anthropic",model="by-chat",provider="chat",status="2xx"}`:      1,
			`requests_total{dialect="openai",model="by-messages",provider="messages",status="2xx"}`: 1,
			`requests_total{dialect="anthropic",model="second",provider="messages",status="2xx"}`:   1,
			`requests_total{dialect="openai",model="none",provider="messages",status="5xx"}`:        1,
			`requests_total{dialect="openai",model="breaks",provider="chat",status="error"}`:        1,
			`requests_total{dialect="openai",model="other",provider="none",status="4xx"}`:           3,
		}},
		{"durations", "request_duration_seconds_count", map[string]float64{
			`request_duration_seconds_count{dialect="openai",model="by-chat",provider="chat",stream="false"}`:        1,
			`request_duration_seconds_count{dialect="anthropic",model="by-chat",provider="chat",stream="true"}`:      1,
			`request_duration_seconds_count{dialect="openai",model="by-messages",provider="messages",stream="true"}`: 1,
			`request_duration_seconds_count{dialect="anthropic",model="second",provider="messages",stream="false"}`:  1,
			`request_duration_seconds_count{dialect="openai",model="none",provider="messages",stream="false"}`:       1,
			`request_duration_seconds_count{dialect="openai",model="breaks",provider="chat",stream="true"}`:          1,
			`request_duration_seconds_count{dialect="openai",model="other",provider="none",stream="false"}`:          3,
		}},
		{"times to the first token of streams", "time_to_first_token_seconds_count", map[string]float64{
			`time_to_first_token_seconds_count{dialect="anthropic",model="by-chat",provider="chat"}`:      1,
			`time_to_first_token_seconds_count{dialect="openai",model="by-messages",provider="messages"}`: 1,
			`time_to_first_token_seconds_count{dialect="openai",model="breaks",provider="chat"}`:          1,
		}},
		{"tokens by kind", "tokens_total", map[string]float64{
			`tokens_total{kind="input",model="by-chat",provider="chat"}`:               140,
			`tokens_total{kind="cache_read",model="by-chat",provider="chat"}`:          60,
			`tokens_total{kind="output",model="by-chat",provider="chat"}`:              40,
			`tokens_total{kind="reasoning",model="by-chat",provider="chat"}`:           10,
			`tokens_total{kind="input",model="by-messages",provider="messages"}`:       70,
			`tokens_total{kind="cache_read",model="by-messages",provider="messages"}`:  30,
			`tokens_total{kind="cache_write",model="by-messages",provider="messages"}`: 10,
			`tokens_total{kind="output",model="by-messages",provider="messages"}`:      20,
			`tokens_total{kind="input",model="second",provider="messages"}`:            70,
			`tokens_total{kind="cache_read",model="second",provider="messages"}`:       30,
			`tokens_total{kind="cache_write",model="second",provider="messages"}`:      10,
			`tokens_total{kind="output",model="second",provider="messages"}`:           20,
		}},
		{"errors of providers", "upstream_errors_total", map[string]float64{
			`upstream_errors_total{kind="upstream",model="second",provider="chat"}`:   2,
			`upstream_errors_total{kind="upstream",model="none",provider="chat"}`:     2,
			`upstream_errors_total{kind="upstream",model="none",provider="messages"}`: 1,
			`upstream_errors_total{kind="upstream",model="breaks",provider="chat"}`:   1,
		}},
		{"losses", "losses_total", map[string]float64{`losses_total{action="dropped",model="by-messages",provider="messages"}`: 1}},
		{"refused keys", "auth_failures_total", map[string]float64{`auth_failures_total`: 1}},
		{"nothing is left open", "streams_open", map[string]float64{}},
		{"nothing is left in flight", "requests_in_flight", map[string]float64{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := changed(before, after, test.metric)
			for sample, by := range test.want {
				if got[sample] != by {
					t.Errorf("%s grew by %v, want %v", sample, got[sample], by)
				}
				delete(got, sample)
			}
			if len(got) > 0 {
				t.Errorf("grown as well: %v", got)
			}
		})
	}
	t.Run("counters survive reloads and are registered once", func(t *testing.T) {
		s.load(app, "\txjp_gateway\n\theader X-Reloaded 1\n")
		s.load(app, "\txjp_gateway\n")
		again := s.samples()
		for _, name := range []string{"requests_total", "tokens_total", "request_duration_seconds_count", "upstream_errors_total"} {
			if grown := changed(after, again, name); len(grown) > 0 {
				t.Errorf("a reload changed %v", grown)
			}
		}
		s.post(chat, ask(chat, "by-chat", "hi", false))
		sample := `requests_total{dialect="openai",model="by-chat",provider="chat",status="2xx"}`
		if grown := changed(again, s.samples(), sample); grown[sample] != 1 {
			t.Errorf("after a reload %s grew by %v", sample, grown[sample])
		}
	})
}
