package clewdr_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/clewdr"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// rig is the gateway before a double of Clewdr: models code/<name> and web/<name> use
// its two back ends.
type rig struct {
	base string
	*double.Double
}

func start(t *testing.T) *rig {
	d := double.Start(t)
	route := func(backend string) string {
		return "\t\tmodel " + backend + "/* {\n\t\t\troute clewdr claude-sonnet-4-5-{model.rest} {\n\t\t\t\tbackend " + backend + "\n\t\t\t}\n\t\t}\n"
	}
	options := "\t\tprovider clewdr {\n\t\t\tapi_key " + double.Password + "\n\t\t\tbase_url " + d.URL + "\n\t\t}\n" + route("code") + route("web") +
		"\t\tfetch {\n\t\t\tallow 127.0.0.0/8\n\t\t}\n"
	return &rig{gatewaytest.Run(t, strings.Replace(gatewaytest.Site(options), "level ERROR", "output discard", 1)), d}
}

// ask sends a request in the dialect of a path and gives the answer's status and body.
func (r *rig) ask(t *testing.T, path, body string) (int, string) {
	t.Helper()
	q, err := http.NewRequest(http.MethodPost, r.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Api-Key", gatewaytest.Key)
	q.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

const (
	chat     = "/v1/chat/completions"
	messages = "/v1/messages"
)

// TestAnswers plays what Clewdr does that Anthropic does not, to both dialects.
func TestAnswers(t *testing.T) {
	r := start(t)
	for _, test := range []struct {
		name, path, body string
		status           int
		has, lacks       []string
	}{
		{"E1: Hi gets a real answer, Messages", messages, `{"model":"code/text","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`, 200, []string{"Hello there. ", `"stop_reason":"end_turn"`, `"model":"code/text"`}, []string{"Reverse Proxy"}},
		{"E1: Hi gets a real answer, Chat", chat, `{"model":"web/text","messages":[{"role":"user","content":"Hi"}]}`, 200, []string{"Hello there. ", `"finish_reason":"stop"`}, []string{"Reverse Proxy"}},
		{"E2: the canned body is a failure, Messages", messages, `{"model":"code/canned","max_tokens":9,"messages":[{"role":"user","content":"Hey"}]}`, 502, []string{`"type":"error"`}, []string{"Reverse Proxy"}},
		{"E2: the canned body is a failure, Chat", chat, `{"model":"code/canned","messages":[{"role":"user","content":"Hey"}]}`, 502, []string{`"error"`}, []string{"Reverse Proxy"}},
		{"E7: nameless events with a stop sequence, Messages", messages, `{"model":"web/x","max_tokens":9,"stop_sequences":["STOP"],"messages":[{"role":"user","content":"Hey"}],"stream":true}`, 200, []string{`"stop_reason":"stop_sequence"`, `"stop_sequence":"STOP"`, "event: message_stop\n"}, []string{"event: message\n"}},
		{"E7: nameless events with a stop sequence, Chat", chat, `{"model":"web/x","stop":"STOP","messages":[{"role":"user","content":"Hey"}],"stream":true}`, 200, []string{`"finish_reason":"stop"`, "[DONE]"}, nil},
		{"E8: tools do not go to the web, Messages", messages, `{"model":"web/x","max_tokens":9,"tools":[{"name":"a","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"Hey"}]}`, 400, []string{"tools"}, nil},
		{"E8: tools do not go to the web, Chat", chat, `{"model":"web/x","tools":[{"type":"function","function":{"name":"a"}}],"messages":[{"role":"user","content":"Hey"}]}`, 400, []string{"tools"}, nil},
		{"E8: documents do not go to the web, Messages", messages, `{"model":"web/x","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]}]}`, 400, []string{"document"}, nil},
		{"E10: a whole answer of the web is complete, Messages", messages, `{"model":"web/x","max_tokens":9,"messages":[{"role":"user","content":"Hey"}]}`, 200, []string{`"model":"web/x"`, `"stop_reason":"end_turn"`}, []string{`"model":""`}},
		{"E10: a whole answer of the web is complete, Chat", chat, `{"model":"web/x","messages":[{"role":"user","content":"Hey"}]}`, 200, []string{`"model":"web/x"`, `"finish_reason":"stop"`}, nil},
		{"E11: zero usage is estimated, Messages", messages, `{"model":"web/x","max_tokens":9,"messages":[{"role":"user","content":"Hey"}],"stream":true}`, 200, []string{`"output_tokens":4`}, []string{`"usage":{"input_tokens":0,"output_tokens":0}`}},
		{"E11: zero usage is estimated, Chat", chat, `{"model":"web/x","messages":[{"role":"user","content":"Hey"}]}`, 200, []string{`"completion_tokens":4`}, []string{`"completion_tokens":0`}},
		{"E12: a stream without its end, Messages", messages, `{"model":"web/unended","max_tokens":9,"messages":[{"role":"user","content":"Hey"}],"stream":true}`, 200, []string{"Hello there. ", "event: error\n"}, []string{"message_stop"}},
		{"E12: a stream without its end, Chat", chat, `{"model":"code/cut","messages":[{"role":"user","content":"Hey"}],"stream":true}`, 200, []string{"Hello there. ", `"error":{`}, []string{"[DONE]", `"finish_reason":"stop"`}},
		{"E12: an error in the stream, Chat", chat, `{"model":"code/errevent","messages":[{"role":"user","content":"Hey"}],"stream":true}`, 200, []string{"Hello there. ", `"error":{`}, []string{"[DONE]", `"finish_reason":"stop"`}},
		{"E18: gzip that nobody asked for, Messages", messages, `{"model":"code/gzip","max_tokens":9,"messages":[{"role":"user","content":"Hey"}]}`, 200, []string{"Hello there. always", `"cache_read_input_tokens":4`}, nil},
		{"E18: gzip that nobody asked for, Chat", chat, `{"model":"code/gzip","messages":[{"role":"user","content":"Hey"}]}`, 200, []string{"Hello there. always", `"prompt_tokens":15`}, nil},
		{"E19: a page is no answer, Messages", messages, `{"model":"code/html","max_tokens":9,"messages":[{"role":"user","content":"Hey"}]}`, 502, []string{`"type":"error"`}, []string{"doctype"}},
		{"E19: a page is no answer, Chat", chat, `{"model":"code/html","messages":[{"role":"user","content":"Hey"}],"stream":true}`, 502, []string{`"error"`}, []string{"doctype"}},
		{"E3: an empty pool is an overload", messages, `{"model":"code/pool-empty","max_tokens":9,"messages":[{"role":"user","content":"Hey"}]}`, 529, []string{"overloaded_error"}, []string{"ookie"}},
		{"E5: a block is not followed", chat, `{"model":"code/blocked","messages":[{"role":"user","content":"Hey"}]}`, 502, []string{`"error"`}, []string{"IP address"}},
		{"thinking, signature and call reach Messages", messages, `{"model":"code/all","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hey"}]}`, 200, []string{`c2lnbmF0dXJl`, `Rome`, `"stop_reason":"tool_use"`}, nil},
		{"the call and usage reach Chat", chat, `{"model":"code/all","messages":[{"role":"user","content":"Hey"}],"stream":true,"stream_options":{"include_usage":true}}`, 200, []string{`"name":"weather"`, `"finish_reason":"tool_calls"`, `"prompt_tokens":15`, `"cached_tokens":4`, "[DONE]"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, answer := r.ask(t, test.path, test.body)
			if status != test.status {
				t.Errorf("%d %s", status, answer)
			}
			for _, s := range test.has {
				if !strings.Contains(answer, s) {
					t.Errorf("%q is missing in\n%s", s, answer)
				}
			}
			for _, s := range test.lacks {
				if strings.Contains(answer, s) {
					t.Errorf("%q is in\n%s", s, answer)
				}
			}
		})
	}
	for _, seen := range r.Requests() {
		if seen.Lost != nil {
			t.Errorf("the web back end lost %v of %s", seen.Lost, seen.Body)
		}
	}
}

// TestRequestsThatReach checks what Clewdr is sent.
func TestRequestsThatReach(t *testing.T) {
	r := start(t)
	picture := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
	}))
	defer picture.Close()
	image := `{"type":"image","source":{"type":"url","url":"` + picture.URL + `/a.png"}}`
	for _, test := range []struct{ name, path, body, has, lacks string }{
		{"E9: an image by URL is inlined for the web, Messages", messages, `{"model":"web/x","max_tokens":9,"messages":[{"role":"user","content":[` + image + `,{"type":"text","text":"What?"}]}]}`, `"type":"base64","media_type":"image/png","data":"iVBORw0KGgoAAAANSUhEUg=="`, picture.URL},
		{"E9: an image by URL is inlined for the web, Chat", chat, `{"model":"web/x","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + picture.URL + `/a.png"}},{"type":"text","text":"What?"}]}]}`, `"type":"base64","media_type":"image/png","data":"iVBORw0KGgoAAAANSUhEUg=="`, picture.URL},
		{"E16: clients of Chat do not get Clewdr's own Chat", chat, `{"model":"code/x","messages":[{"role":"user","content":"Hey"}]}`, `"max_tokens"`, `"choices"`},
		{"E15: Chat's roles become those that Clewdr knows", chat, `{"model":"code/x","tools":[{"type":"function","function":{"name":"a"}}],"messages":[{"role":"developer","content":"Be kind."},{"role":"user","content":"Hey"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"a","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}]}`, `"tool_result"`, `"role":"tool"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(r.Requests())
			if status, answer := r.ask(t, test.path, test.body); status != http.StatusOK {
				t.Fatalf("%d %s", status, answer)
			}
			seen := r.Requests()[before:]
			if len(seen) != 1 || !json.Valid(seen[0].Body) || seen[0].Lost != nil {
				t.Fatalf("%+v", seen)
			}
			if want := map[bool]string{true: "/v1/messages", false: "/code/v1/messages"}[strings.Contains(test.body, `"web/`)]; seen[0].Path != want {
				t.Errorf("sent to %s", seen[0].Path)
			}
			if body := string(seen[0].Body); !strings.Contains(body, test.has) || strings.Contains(body, test.lacks) {
				t.Errorf("%s", body)
			}
		})
	}
}

// TestCount checks that the code back end counts and the web's tokens are estimated.
func TestCount(t *testing.T) {
	r := start(t)
	body := func(model string) string {
		return `{"model":"` + model + `","messages":[{"role":"user","content":"How many?"}]}`
	}
	if status, answer := r.ask(t, "/v1/messages/count_tokens", body("code/x")); status != http.StatusOK || !strings.Contains(answer, `"input_tokens":17`) {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := r.ask(t, "/v1/messages/count_tokens", body("web/x")); status != http.StatusOK || strings.Contains(answer, `"input_tokens":0`) || strings.Contains(answer, `:17`) {
		t.Errorf("%d %s", status, answer)
	}
}
