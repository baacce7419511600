package behaviour

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// list is a list of models in either shape.
type list struct {
	Object  string
	Data    []map[string]any
	HasMore *bool   `json:"has_more"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
}

func listIn(t testing.TB, r reply) list {
	t.Helper()
	var l list
	if err := json.Unmarshal([]byte(r.body), &l); err != nil || r.status != 200 {
		t.Fatalf("no list: %d %s", r.status, r.body)
	}
	return l
}

// ids are the listed models' ids in order.
func ids(t testing.TB, r reply) string {
	t.Helper()
	var found []string
	for _, m := range listIn(t, r).Data {
		found = append(found, m["id"].(string))
	}
	return strings.Join(found, " ")
}

// asAnthropic makes a request that of a client of Anthropic's.
var asAnthropic = []string{"anthropic-version", "2023-06-01"}

func TestModelShapes(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmodel big {\n\t\t\talias large vendor/large\n\t\t\troute messages claude-sonnet-4-5\n\t\t\tdisplay_name \"The Big One\"\n\t\t\tcontext_window 500000\n\t\t\tmax_output 1234\n\t\t}")
	t.Run("OpenAI's shape", func(t *testing.T) {
		got := listIn(t, get(t, url+"/v1/models"))
		if got.Object != "list" || len(got.Data) != 6 || got.HasMore != nil || got.FirstID != nil {
			t.Fatalf("%+v", got)
		}
		for _, m := range got.Data {
			if m["object"] != "model" || m["owned_by"] == "" || m["created"].(float64) < 1 || m["type"] != nil {
				t.Errorf("%v", m)
			}
		}
	})
	t.Run("trap 125: the header anthropic-version chooses the shape, on single models, too", func(t *testing.T) {
		for path, plain := range map[string]string{"/v1/models": `"object":"list"`, "/v1/models/big": `"object":"model"`} {
			if got := get(t, url+path).body; !strings.Contains(got, plain) || strings.Contains(got, `"type":"model"`) {
				t.Errorf("%s: %s", path, got)
			}
			if got := get(t, url+path, asAnthropic...).body; !strings.Contains(got, `"type":"model"`) || strings.Contains(got, `"object":"model"`) {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
	t.Run("CC31: Anthropic's shape, in time and without redirect", func(t *testing.T) {
		fastest := time.Hour
		for _, headers := range [][]string{{}, {"Authorization", "", "X-Api-Key", gatewaytest.Key}} {
			began := time.Now()
			got := listIn(t, get(t, url+"/v1/models?limit=1000", append(headers, asAnthropic...)...))
			fastest = min(fastest, time.Since(began))
			if len(got.Data) != 6 || got.HasMore == nil || *got.HasMore || *got.FirstID != "chat" || *got.LastID != "vendor/large" {
				t.Fatalf("%+v", got)
			}
			for _, m := range got.Data {
				if _, err := time.Parse(time.RFC3339, fmt.Sprint(m["created_at"])); err != nil || m["type"] != "model" || m["display_name"] == "" || m["object"] != nil {
					t.Errorf("%v", m)
				}
			}
		}
		if fastest > time.Second {
			t.Errorf("it took %v", fastest)
		}
	})
	t.Run("pain 31: sizes as configured, and by the provider's name of the model", func(t *testing.T) {
		for _, m := range listIn(t, get(t, url+"/v1/models", asAnthropic...)).Data {
			if m["id"] == "big" && (m["display_name"] != "The Big One" || m["max_input_tokens"] != 500000.0 || m["max_tokens"] != 1234.0) {
				t.Errorf("%v", m)
			}
		}
	})
	t.Run("one model in both shapes", func(t *testing.T) {
		for _, id := range []string{"big", "large", "vendor/large", "vendor%2Flarge", "big[1m]", "big%5B1m%5D"} {
			var m map[string]any
			got := get(t, url+"/v1/models/"+id)
			if json.Unmarshal([]byte(got.body), &m); got.status != 200 || m["object"] != "model" || !strings.HasPrefix(strings.ReplaceAll(id, "%2F", "/"), m["id"].(string)) {
				t.Errorf("%s: %d %s", id, got.status, got.body)
			}
			m = nil
			got = get(t, url+"/v1/models/"+id, asAnthropic...)
			if json.Unmarshal([]byte(got.body), &m); got.status != 200 || m["type"] != "model" || m["max_input_tokens"] != 500000.0 {
				t.Errorf("%s: %d %s", id, got.status, got.body)
			}
		}
	})
	t.Run("the provider is not asked", func(t *testing.T) {
		if n := len(d.asked()); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestUnknownModel checks what is told of a model that does not exist.
func TestUnknownModel(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, provider("p", "openai", d)+"\t\tmodel claude-sonnet-4.5 {\n\t\t\troute p up\n\t\t}\n\t\tmodel claude-opus-4.1 {\n\t\t\troute p up\n\t\t}")
	for _, test := range []struct{ name, model, near string }{
		{"a typing error", "claude-sonet-4.5", "claude-sonnet-4.5"},
		{"another case", "Claude-Sonnet-4.5", "claude-sonnet-4.5"},
		{"a part of the name", "sonnet", "claude-sonnet-4.5"},
		{"dashes for dots", "claude-opus-4-1", "claude-opus-4.1"},
		{"nothing like it", "qwertz-17", ""},
		{"a name of great length", strings.Repeat("long", 5000), ""},
		{"a name that is markup", "<script>\\\"", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				for _, stream := range []bool{false, true} {
					d.will(well)
					got := post(t, url+dialect.path, hello(test.model, stream))
					checkUnknown(t, dialect, got, test.model, test.near)
					if len(d.asked()) != 0 {
						t.Error("the provider was called")
					}
				}
			}
			if len(test.model) < 100 && !strings.Contains(test.model, "<") {
				checkUnknown(t, openai, get(t, url+"/v1/models/"+test.model), test.model, test.near)
				checkUnknown(t, anthropic, get(t, url+"/v1/models/"+test.model, asAnthropic...), test.model, test.near)
			}
			checkUnknown(t, anthropic, post(t, url+"/v1/messages/count_tokens", hello(test.model, false)), test.model, test.near)
		})
	}
}

func checkUnknown(t *testing.T, d dialect, got reply, model, near string) {
	t.Helper()
	e := errorIn(t, d, got)
	if got.status != 404 || got.header.Get("X-Should-Retry") != "false" || len(got.body) > 1000 {
		t.Errorf("%s: %d %.2000s", d.name, got.status, got.body)
	}
	if d == anthropic && e.kind != "not_found_error" || d == openai && (e.code != "model_not_found" || e.param != "model") {
		t.Errorf("%s: %+v", d.name, e)
	}
	if near != "" && !strings.Contains(e.message, near) || near == "" && strings.Contains(e.message, "similar") {
		t.Errorf("%s: %s", d.name, e.message)
	}
	if len(model) < 50 && !strings.Contains(model, "<") && !strings.Contains(e.message, model) {
		t.Errorf("%s: the model is not named: %s", d.name, e.message)
	}
}

// TestPaging pages as Anthropic's SDKs do.
func TestPaging(t *testing.T) {
	d := newDouble(t)
	options := provider("p", "openai", d)
	for i := range 45 {
		options += fmt.Sprintf("\t\tmodel m%02d {\n\t\t\troute p up\n\t\t}\n", i)
	}
	url := gatewaytest.Start(t, options)
	page := func(query string) (string, bool) {
		l := listIn(t, get(t, url+"/v1/models"+query, asAnthropic...))
		if len(l.Data) == 0 {
			return "", *l.HasMore
		}
		if *l.FirstID != l.Data[0]["id"] || *l.LastID != l.Data[len(l.Data)-1]["id"] {
			t.Errorf("%s: first %s, last %s", query, *l.FirstID, *l.LastID)
		}
		return fmt.Sprintf("%s-%s %d", *l.FirstID, *l.LastID, len(l.Data)), *l.HasMore
	}
	for _, test := range []struct {
		query, want string
		more        bool
	}{
		{"", "m00-m19 20", true},
		{"?limit=1000", "m00-m44 45", false},
		{"?limit=45", "m00-m44 45", false},
		{"?limit=1", "m00-m00 1", true},
		{"?after_id=m19", "m20-m39 20", true},
		{"?after_id=m39", "m40-m44 5", false},
		{"?after_id=m44", "", false},
		{"?before_id=m20&limit=5", "m15-m19 5", true},
		{"?before_id=m03&limit=5", "m00-m02 3", false},
		{"?before_id=m00", "", false},
	} {
		t.Run(name("page", test.query), func(t *testing.T) {
			if got, more := page(test.query); got != test.want || more != test.more {
				t.Errorf("got %s, %t", got, more)
			}
		})
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=many", "limit=-1", "after_id=nobody", "before_id=nobody"} {
		t.Run(name("400", query), func(t *testing.T) {
			got := get(t, url+"/v1/models?"+query, asAnthropic...)
			field, _, _ := strings.Cut(query, "=")
			if e := errorIn(t, anthropic, got); got.status != 400 || !strings.HasPrefix(e.message, field) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	t.Run("Chat's list has no pages", func(t *testing.T) {
		if got := listIn(t, get(t, url+"/v1/models?limit=3&after_id=x")); len(got.Data) != 45 || got.HasMore != nil {
			t.Errorf("%d models", len(got.Data))
		}
	})
}

// offering answers with a list of models, and well otherwise.
func offering(list string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			whole(w, list)
			return
		}
		well(w, r)
	}
}

// TestWildcards checks that wildcards are expanded where the provider lists its models.
func TestWildcards(t *testing.T) {
	router, claude, google := newDouble(t), newDouble(t), newDouble(t)
	router.will(offering(`{"data":[{"id":"vendor/alpha","created":1700000000,"context_length":131072,"name":"Vendor: Alpha","top_provider":{"max_completion_tokens":4096}},{"id":"vendor/beta"},{"id":"other/gamma"}]}`))
	claude.will(offering(`{"data":[{"type":"model","id":"claude-next","display_name":"Claude Next","created_at":"2026-01-02T03:04:05Z"}],"has_more":false}`))
	google.will(offering(`{"models":[{"name":"models/gemini-x","displayName":"Gemini X","inputTokenLimit":1000000,"outputTokenLimit":8192,"supportedGenerationMethods":["generateContent"]}]}`))
	options := provider("router", "openrouter", router) + provider("claude", "anthropic", claude) + provider("google", "gemini", google) +
		"\t\tmodel or/* {\n\t\t\troute router {model.rest}\n\t\t}\n\t\tmodel v-* {\n\t\t\troute router vendor/{model.rest}\n\t\t}\n" +
		"\t\tmodel a/* {\n\t\t\troute claude {model.rest}\n\t\t}\n\t\tmodel g/* {\n\t\t\troute google {model.rest}\n\t\t}\n\t\tmodel a/claude-next {\n\t\t\troute router vendor/alpha\n\t\t}\n"
	url := gatewaytest.Start(t, options)
	t.Run("the list", func(t *testing.T) {
		want := "or/vendor/alpha or/vendor/beta or/other/gamma v-alpha v-beta a/claude-next g/gemini-x"
		if got := ids(t, get(t, url+"/v1/models")); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("what the provider tells of a model", func(t *testing.T) {
		var m map[string]any
		got := get(t, url+"/v1/models/or/vendor/alpha", asAnthropic...)
		json.Unmarshal([]byte(got.body), &m)
		if m["display_name"] != "Vendor: Alpha" || m["max_input_tokens"] != 131072.0 || m["max_tokens"] != 4096.0 || m["created_at"] != "2023-11-14T22:13:20Z" {
			t.Errorf("%s", got.body)
		}
	})
	t.Run("the providers are asked once, with their own keys", func(t *testing.T) {
		for what, d := range map[string]*double{"router": router, "claude": claude, "google": google} {
			call := d.last(t)
			if call.method != "GET" || !strings.Contains(fmt.Sprint(call.header), secret) || strings.Contains(fmt.Sprint(call), gatewaytest.Key) {
				t.Errorf("%s: %+v", what, call)
			}
		}
	})
	t.Run("an id with slashes goes on whole", func(t *testing.T) {
		router.will(well)
		if got := post(t, url+openai.path, hello("or/vendor/alpha", false)); got.status != 200 || !strings.Contains(got.body, `"model":"or/vendor/alpha"`) {
			t.Errorf("%d %s", got.status, got.body)
		}
		if call := router.last(t); !strings.Contains(call.body, `"model":"vendor/alpha"`) {
			t.Errorf("%s", call.body)
		}
	})
	t.Run("a wildcard's model that the provider does not list can be asked for", func(t *testing.T) {
		if got := get(t, url+"/v1/models/v-new"); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

// TestSilentProviders checks that the list does not wait for providers that are down.
func TestSilentProviders(t *testing.T) {
	down := newDouble(t)
	down.will(func(w http.ResponseWriter, r *http.Request) { stall(r) })
	healthy := newDouble(t)
	healthy.will(offering(`{"data":[{"id":"up"}]}`))
	options := ""
	for i := range 4 {
		options += provider(fmt.Sprint("silent", i), "openai", down) + fmt.Sprintf("\t\tmodel s%d/* {\n\t\t\troute silent%d {model.rest}\n\t\t}\n", i, i)
	}
	url := gatewaytest.Start(t, options+provider("healthy", "openai", healthy)+"\t\tmodel h/* {\n\t\t\troute healthy {model.rest}\n\t\t}\n\t\tmodel plain {\n\t\t\troute healthy up\n\t\t}")
	t.Run("CC31: providers that are down hold up nothing", func(t *testing.T) {
		began := time.Now()
		got := ids(t, get(t, url+"/v1/models", asAnthropic...))
		if got != "h/up plain" {
			t.Errorf("got %s", got)
		}
		if took := time.Since(began); took > 2500*time.Millisecond { // four in a row would take more than three seconds
			t.Errorf("it took %v", took)
		}
		began = time.Now()
		get(t, url+"/v1/models")
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("the second time it took %v", took)
		}
	})
}
