package behaviour

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// A small image and document, by their first bytes.
var (
	png = "\x89PNG\r\n\x1a\n" + strings.Repeat("pixel", 10)
	pdf = "%PDF-1.7\n" + strings.Repeat("page", 10)
)

// gallery serves media.
func gallery(t testing.TB) (address string, hits *atomic.Int32) {
	hits = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if strings.Contains(fmt.Sprint(r.Header), gatewaytest.Key) {
			t.Error("the client's key is sent to where a URL leads")
		}
		switch r.URL.Path {
		case "/image", "/image.jpg":
			w.Header().Set("Content-Type", "image/jpeg") // a wrong label
			w.Write([]byte(png))
		case "/document":
			w.Write([]byte(pdf))
		case "/large":
			w.Write(make([]byte, 50_000))
		case "/inside":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		case "/silent":
			stall(r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL, hits
}

// showing is a request with images by URL.
func showing(d dialect, model string, urls ...string) string {
	parts := ""
	for _, u := range urls {
		if d == openai {
			parts += `,{"type":"image_url","image_url":{"url":"` + u + `"}}`
		} else {
			parts += `,{"type":"image","source":{"type":"url","url":"` + u + `"}}`
		}
	}
	return withField(model, false, "messages", `[{"role":"user","content":[{"type":"text","text":"What is it?"}`+parts+`]}]`)
}

// needy configures providers that take no URLs: Gemini and Claude on Vertex AI, Clewdr's
// web interface, and a Chat server that says so.
func needy(d *double) string {
	vertex := "\t\tprovider vertex {\n\t\t\taccess_token " + secret + "\n\t\t\tproject p\n\t\t\tbase_url " + d.url + "\n\t\t}\n"
	return vertex + provider("clewdr", "clewdr", d) + "\t\tmodel gemini {\n\t\t\troute vertex gemini-2.5-pro\n\t\t}\n\t\tmodel claude {\n\t\t\troute vertex claude-sonnet-4-5@20250929\n\t\t}\n" +
		provider("ollama", "openai", d) + "\t\tmodel local {\n\t\t\troute ollama llava {\n\t\t\t\tcapability image_url false\n\t\t\t}\n\t\t}\n" +
		"\t\tmodel web {\n\t\t\troute clewdr claude-sonnet-4-5 {\n\t\t\t\tbackend web\n\t\t\t}\n\t\t}\n"
}

func TestFetching(t *testing.T) {
	d := newDouble(t)
	address, hits := gallery(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(needy(d)+"\t\tfetch {\n\t\t\tallow 127.0.0.0/8\n\t\t\tmax_size 10KB\n\t\t\ttimeout 200ms\n\t\t}")))
	encoded := base64.StdEncoding.EncodeToString([]byte(png))
	for _, dialect := range dialects {
		for _, model := range []string{"gemini", "claude", "web", "local"} {
			t.Run(name("a URL becomes data of the sniffed type,", dialect.name, "to", model), func(t *testing.T) {
				d.will(well)
				hits.Store(0)
				got := post(t, url+dialect.path, showing(dialect, model, address+"/image", address+"/image.jpg"))
				checkAnswer(t, model, dialect, false, got)
				sent := d.last(t).body
				if strings.Count(sent, encoded) != 2 || strings.Count(sent, "image/png") != 2 || strings.Contains(sent, address) {
					t.Errorf("the provider got %s", sent)
				}
				if hits.Load() != 2 {
					t.Errorf("%d downloads", hits.Load())
				}
			})
			for _, test := range []struct{ name, url, says string }{
				{"not found", address + "/nothing", "answered with status 404"},
				{"too large", address + "/large", "larger than 10000 bytes"},
				{"silent", address + "/silent", "did not answer in time"},
				{"a redirect into the network", address + "/inside", "does not fetch from"},
				{"the cloud's metadata", "http://169.254.169.254/latest/meta-data/iam", "does not fetch from"},
				{"a private network", "http://10.0.0.1/x.png", "does not fetch from"},
				{"IPv4 in IPv6", "http://[::ffff:10.0.0.1]/x.png", "does not fetch from"},
				{"a user", "http://a:b@127.0.0.1/x.png", "user name"},
			} {
				t.Run(name(test.name, dialect.name, "to", model), func(t *testing.T) {
					d.will(well)
					got := post(t, url+dialect.path, showing(dialect, model, test.url))
					e := errorIn(t, dialect, got)
					if got.status != 400 || !strings.Contains(e.message, test.says) || len(d.asked()) != 0 {
						t.Errorf("%d %s, %d calls", got.status, got.body, len(d.asked()))
					}
					if dialect == openai && !strings.HasPrefix(e.param, "messages[0].content[1]") || dialect == anthropic && !strings.HasPrefix(e.message, "messages.0.content.1") {
						t.Errorf("the field is not named: %s", got.body)
					}
				})
			}
			t.Run(name("too many URLs,", dialect.name, "to", model), func(t *testing.T) {
				d.will(well)
				hits.Store(0)
				var urls []string
				for i := range 25 {
					urls = append(urls, fmt.Sprintf("%s/image?%d", address, i))
				}
				got := post(t, url+dialect.path, showing(dialect, model, urls...))
				if e := errorIn(t, dialect, got); got.status != 400 || !strings.Contains(e.message, "more URLs") || len(d.asked()) != 0 || hits.Load() > 20 {
					t.Errorf("%d %s, %d downloads", got.status, got.body, hits.Load())
				}
			})
		}
	}
	t.Run("a document by URL", func(t *testing.T) {
		for _, model := range []string{"gemini", "claude"} {
			d.will(well)
			body := withField(model, false, "messages", `[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"`+address+`/document"}},{"type":"text","text":"Read."}]}]`)
			if got := post(t, url+anthropic.path, body); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if sent := d.last(t).body; !strings.Contains(sent, "application/pdf") || !strings.Contains(sent, base64.StdEncoding.EncodeToString([]byte(pdf))) {
				t.Errorf("%s: %s", model, sent)
			}
		}
	})
	t.Run("an image in a tool's result", func(t *testing.T) {
		d.will(well)
		body := withField("claude", false, "messages", `[{"role":"user","content":"Look."},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"image","source":{"type":"url","url":"`+address+`/image"}}]}]}]`)
		if got := post(t, url+anthropic.path, body); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if sent := d.last(t).body; !strings.Contains(sent, encoded) || strings.Contains(sent, address) {
			t.Errorf("%s", sent)
		}
	})
}

// TestFetchingIsGuarded checks that without being allowed no private network is fetched
// from, and that fetching can be switched off.
func TestFetchingIsGuarded(t *testing.T) {
	address, hits := gallery(t)
	for _, test := range []struct{ name, option, says string }{
		{"by default", "", "does not fetch from"},
		{"another network allowed", "\t\tfetch {\n\t\t\tallow 10.0.0.0/8\n\t\t}", "does not fetch from"},
		{"off", "\t\tfetch off", "switched off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDouble(t)
			url := gatewaytest.Run(t, quiet(gatewaytest.Site(needy(d)+test.option)))
			for _, dialect := range dialects {
				for _, model := range []string{"gemini", "claude", "web", "local"} {
					for _, u := range []string{address + "/image", strings.Replace(address, "127.0.0.1", "localhost", 1) + "/image"} {
						got := post(t, url+dialect.path, showing(dialect, model, u))
						if e := errorIn(t, dialect, got); got.status != 400 || !strings.Contains(e.message, test.says) {
							t.Errorf("%s to %s: %d %s", dialect.name, model, got.status, got.body)
						}
					}
				}
			}
			if hits.Load() != 0 || len(d.asked()) != 0 {
				t.Errorf("%d downloads, %d calls", hits.Load(), len(d.asked()))
			}
		})
	}
	t.Run("a provider that takes URLs gets the URL, and nothing is fetched", func(t *testing.T) {
		d := newDouble(t)
		url := gateway(t, d, "\t\tfetch off")
		for _, dialect := range dialects {
			for _, model := range []string{"chat", "messages"} {
				d.will(well)
				if got := post(t, url+dialect.path, showing(dialect, model, "https://example.com/x.png?a=1")); got.status != 200 {
					t.Fatalf("%d %s", got.status, got.body)
				}
				if sent := d.last(t).body; !strings.Contains(sent, "https://example.com/x.png?a=1") {
					t.Errorf("%s to %s: %s", dialect.name, model, sent)
				}
			}
		}
	})
	t.Run("a route that needs no download serves what another cannot fetch", func(t *testing.T) {
		d, second := newDouble(t), newDouble(t)
		options := strings.Replace(needy(d), "\t\t\troute vertex gemini-2.5-pro\n", "\t\t\troute vertex gemini-2.5-pro\n\t\t\troute second claude-sonnet-4-5\n", 1)
		url := gatewaytest.Run(t, quiet(gatewaytest.Site(provider("second", "anthropic", second)+options)))
		for _, dialect := range dialects {
			second.will(well)
			checkAnswer(t, "second route", dialect, false, post(t, url+dialect.path, showing(dialect, "gemini", address+"/image")))
			if sent := second.last(t).body; !strings.Contains(sent, address+"/image") || len(d.asked()) != 0 {
				t.Errorf("%s", sent)
			}
		}
	})
}
