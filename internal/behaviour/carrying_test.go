package behaviour

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// What a request must not lose, and what is answered without any provider.
func TestCarrying(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmodel strict {\n\t\t\tstrict\n\t\t\troute chat up\n\t\t}\n\t\tmodel own {\n\t\t\troute chat up {\n\t\t\t\tbody reasoning_split true\n\t\t\t\tbody seed 7\n\t\t\t}\n\t\t}\n")
	ask := func(t *testing.T, model, members string) reply {
		t.Helper()
		d.will(well)
		return post(t, url+anthropic.path, `{"model":"`+model+`","max_tokens":100,"messages":[{"role":"user","content":"Hi there"}]`+members+`}`, "X-Xjp-Debug", "1")
	}
	t.Run("trap 67: max_tokens of 0 is answered here", func(t *testing.T) {
		for _, model := range []string{"chat", "gemini"} {
			for _, stream := range []string{"false", "true"} {
				d.will(well)
				r := post(t, url+anthropic.path, `{"model":"`+model+`","max_tokens":0,"stream":`+stream+`,"messages":[{"role":"user","content":"Hi there"}]}`)
				if n := len(d.asked()); n != 0 {
					t.Fatalf("the provider was asked %d times", n)
				}
				if r.status != 200 {
					t.Fatalf("%d %s", r.status, r.body)
				}
				if stream == "true" {
					if strings.Contains(r.body, "content_block") || !strings.Contains(r.body, `"stop_reason":"max_tokens"`) || !strings.HasSuffix(r.body, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") {
						t.Errorf("%s", r.body)
					}
					continue
				}
				var m struct {
					Content []json.RawMessage
					Stop    string `json:"stop_reason"`
					Usage   struct {
						Input  int `json:"input_tokens"`
						Output int `json:"output_tokens"`
					}
				}
				if err := json.Unmarshal([]byte(r.body), &m); err != nil || m.Content == nil || len(m.Content) != 0 || m.Stop != "max_tokens" || m.Usage.Input != 0 || m.Usage.Output != 0 {
					t.Errorf("%v %s", err, r.body)
				}
			}
		}
	})
	t.Run("G5: what is lost is told to a client that asks for it", func(t *testing.T) {
		r := ask(t, "chat", `,"top_k":5,"context_management":{"edits":[]}`)
		if got := r.header.Get("X-Xjp-Lossy"); r.status != 200 || got != "context_management=dropped,top_k=dropped" {
			t.Errorf("%d, losses %q", r.status, got)
		}
	})
	for name, c := range map[string]struct{ members, field string }{
		"strict: a dropped field is refused by its name": {`,"top_k":5`, "top_k"},
		"strict: so is a converted one":                  {`,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}}}}}`, "output_config.format"},
		"strict: one inside of the conversation too":     {`,"messages":[{"role":"user","content":[{"type":"search_result","title":"T","source":"S","content":[]}]}]`, "messages.0.content.0"},
		"strict: a repaired history is refused as well":  {`,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"y"}]}]`, "messages.0.content.0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, "strict", c.members)
			if got := errorIn(t, anthropic, r); r.status != 400 || !strings.HasPrefix(got.message, c.field+": ") || len(d.asked()) != 0 {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	t.Run("strict: what is carried whole is served", func(t *testing.T) {
		if r := ask(t, "strict", `,"stop_sequences":["a"],"temperature":0.5`); r.status != 200 {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
	t.Run("splices: a route's own fields replace the client's and are added at the end", func(t *testing.T) {
		d.will(well)
		r := post(t, url+openai.path, `{"seed": 1.0e3 ,"model":"own","zz":{"b":1,"a":2},"messages":[{"role":"user","content":"\u0048i"}] }`)
		if sent := d.last(t).body; r.status != 200 || sent != `{"seed": 7 ,"model":"up","zz":{"b":1,"a":2},"messages":[{"role":"user","content":"\u0048i"}] ,"reasoning_split":true}` {
			t.Errorf("%d, the provider gets %s", r.status, sent)
		}
	})
	t.Run("G4: the answer names the model that the client asked for", func(t *testing.T) {
		for _, model := range []string{"chat", "messages"} {
			for _, client := range dialects {
				for _, stream := range []bool{false, true} {
					d.will(well)
					r := post(t, url+client.path, hello(model, stream))
					if r.status != 200 || strings.Contains(r.body, `"up"`) || !strings.Contains(r.body, `"model":"`+model+`"`) {
						t.Errorf("%s to %s: %d %s", client.name, model, r.status, r.body)
					}
				}
			}
		}
	})
	t.Run("4.4: a whole answer without usage is estimated", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			whole(w, `{"choices":[{"index":0,"message":{"content":"Hello there"},"finish_reason":"stop"}]}`)
		})
		r := post(t, url+anthropic.path, hello("chat", false))
		var m struct {
			Usage struct {
				Input  int `json:"input_tokens"`
				Output int `json:"output_tokens"`
			}
		}
		if err := json.Unmarshal([]byte(r.body), &m); err != nil || m.Usage.Input == 0 || m.Usage.Output != 3 {
			t.Errorf("%v %s", err, r.body)
		}
	})
}
