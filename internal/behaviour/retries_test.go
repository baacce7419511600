package behaviour

import (
	"net/http"
	"strings"
	"testing"
)

// TestRetries checks what clients are told of trying again.
func TestRetries(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmodel twice {\n\t\t\troute messages up\n\t\t\troute chat up\n\t\t}")
	for _, test := range []struct {
		name, model string
		status      int
		header      []string
		calls, want int
		told        string // x-should-retry
		after       string // retry-after
	}{
		{"CC23: what the gateway has repeated is not for the client to repeat", "twice", 500, nil, 2, 502, "false", ""},
		{"CC23: a single try leaves that to the client", "chat", 500, nil, 1, 502, "", ""},
		{"6.3 in vain until an operator acts: a refused credential", "chat", 401, nil, 1, 502, "false", ""},
		{"6.3 in vain until an operator acts: a wrong path", "chat", 405, nil, 1, 502, "false", ""},
		{"6.3 in vain: the provider says so", "chat", 500, []string{"X-Should-Retry", "false"}, 1, 502, "false", ""},
		{"CC21: a limit tells its time in whole seconds", "messages", 429, []string{"Retry-After", "7"}, 1, 429, "", "7"},
		{"CC21: a fraction is rounded up", "chat", 429, []string{"Retry-After-Ms", "1200"}, 1, 429, "", "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(failing(test.status, "application/json", `{"type":"error","error":{"type":"api_error","message":"m"}}`, test.header...))
				got := post(t, url+dialect.path, hello(test.model, false))
				if got.header.Get("X-Should-Retry") != test.told || got.header.Get("Retry-After") != test.after || len(d.asked()) != test.calls {
					t.Errorf("%s: %d %v after %d calls: %s", dialect.name, got.status, got.header, len(d.asked()), got.body)
				}
				if same := dialect == anthropic && test.model == "messages"; got.status != test.want && !same {
					t.Errorf("%s: status %d", dialect.name, got.status)
				}
			}
		})
	}
}

// TestBetas checks where headers of Anthropic's betas go beside Messages providers that
// take all of them (CC4, CC6).
func TestBetas(t *testing.T) {
	d := newDouble(t)
	vertex := "\t\tprovider vertex {\n\t\t\taccess_token " + secret + "\n\t\t\tproject p\n\t\t\tbase_url " + d.url + "\n\t\t}\n\t\tmodel claude {\n\t\t\troute vertex claude-sonnet-4-5\n\t\t}"
	url := gateway(t, d, vertex)
	const sent = "effort-2025-11-24,context-1m-2025-08-07,web-search-2025-03-05,foo-2099"
	ask := func(t *testing.T, path, model string) string {
		t.Helper()
		d.will(well)
		if got := post(t, url+path, hello(model, false), "anthropic-beta", sent); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return strings.Join(d.last(t).header.Values("Anthropic-Beta"), ",")
	}
	t.Run("pain 27: betas go on unchanged to Anthropic, by a list elsewhere", func(t *testing.T) {
		if got := ask(t, "/v1/messages", "messages"); got != sent {
			t.Errorf("Anthropic gets %q", got)
		}
		if got := ask(t, "/v1/messages", "claude"); strings.Contains(got, "foo") || strings.Contains(got, "effort") || !strings.Contains(got, "web-search-2025-03-05") {
			t.Errorf("Vertex AI gets %q", got)
		}
	})
	t.Run("trap 124: betas that a client of Chat sends go nowhere", func(t *testing.T) {
		for _, model := range []string{"messages", "claude", "chat"} {
			if got := ask(t, "/v1/chat/completions", model); got != "" {
				t.Errorf("%s gets %q", model, got)
			}
		}
	})
}
