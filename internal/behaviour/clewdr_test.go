package behaviour

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// clewdr answers as Clewdr does, in what concerns credentials and roles
// (provider-clewdr.md 3 and 4).
func clewdr(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var sent struct {
		Stream   bool
		Messages []struct{ Role string }
	}
	_ = json.Unmarshal(body, &sent)
	switch {
	case r.Header.Get("Authorization") != "Bearer "+secret: // x-api-key does not count
		failing(401, "application/json", `{"error":{"message":"Invalid key","type":"invalid_auth","code":401}}`)(w, r)
		return
	case !strings.HasPrefix(r.URL.Path, "/code/v1/") && !strings.HasPrefix(r.URL.Path, "/v1/"):
		failing(200, "text/html", "<!doctype html><title>Clewdr</title>")(w, r)
		return
	case strings.HasSuffix(r.URL.Path, "/chat/completions"):
		events(w, `{"choices":[{"delta":{"content":"Hello there"}}]}`) // and no end at all
		return
	}
	for _, m := range sent.Messages {
		if m.Role != "user" && m.Role != "assistant" && m.Role != "system" {
			failing(422, "application/json", `{"error":{"message":"Failed to deserialize the JSON body","type":"json_rejection"}}`)(w, r)
			return
		}
	}
	if sent.Stream {
		events(w, messagesStream...)
		return
	}
	if strings.Contains(string(body), `"content":"Hi"`) {
		whole(w, canned)
		return
	}
	whole(w, messagesWhole)
}

const canned = `{"role":"assistant","content":[{"type":"text","text":"Claude Reverse Proxy is working, please send a real message."}]}`

func TestClewdr(t *testing.T) {
	d := newDouble(t)
	pictures := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/gif")
		io.WriteString(w, "GIF89a\x01\x00\x01\x00\x00\x00\x00;")
	}))
	t.Cleanup(pictures.Close)
	url := gateway(t, d, provider("cl", "clewdr", d)+
		"\t\tmodel code {\n\t\t\troute cl claude-sonnet-4-6\n\t\t}\n"+
		"\t\tmodel web {\n\t\t\troute cl claude-sonnet-4-6 {\n\t\t\t\tbackend web\n\t\t\t}\n\t\t}\n"+
		"\t\tfetch {\n\t\t\tallow 127.0.0.0/8\n\t\t}\n")
	ask := func(t *testing.T, client dialect, model, members string, headers ...string) reply {
		t.Helper()
		return post(t, url+client.path, `{"model":"`+model+`","max_tokens":100,`+members+`}`, headers...)
	}
	const user = `"messages":[{"role":"user","content":"Hi there"}]`

	t.Run("E1: the magic prompt gets a real answer", func(t *testing.T) {
		for _, client := range dialects {
			d.will(clewdr)
			if r := ask(t, client, "code", `"messages":[{"role":"user","content":"Hi"}]`); r.status != 200 || !strings.Contains(r.body, "Hello there") && !strings.Contains(r.body, "Hello") || strings.Contains(r.body, "Reverse Proxy") {
				t.Errorf("%s: %d %s", client.name, r.status, r.body)
			}
		}
	})
	t.Run("E2: its canned words are a failure for clients", func(t *testing.T) {
		for _, client := range dialects {
			for _, model := range []string{"code", "web"} {
				d.will(func(w http.ResponseWriter, r *http.Request) { whole(w, canned) })
				if r := ask(t, client, model, user); r.status != 502 || strings.Contains(r.body, "Reverse Proxy") {
					t.Errorf("%s to %s: %d %s", client.name, model, r.status, r.body)
				}
			}
		}
	})
	t.Run("E7: events named message are told apart by their data", func(t *testing.T) {
		stop := []string{`{"type":"content_block_stop","index":0}`, `{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":3}}`, `{"type":"message_stop"}`}
		for client, want := range map[dialect]string{anthropic: `"stop_reason":"stop_sequence","stop_sequence":"END"`, openai: `"finish_reason":"stop"`} {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				events(w, messagesStream[:4]...)
				for _, e := range stop {
					io.WriteString(w, "event: message\ndata: "+e+"\n\n")
				}
			})
			r := ask(t, client, "web", user+`,"stream":true`)
			if r.status != 200 || !strings.Contains(r.body, want) || strings.Contains(r.body, "event: message\n") || strings.Contains(r.body, "error") {
				t.Errorf("%s: %d %s", client.name, r.status, r.body)
			}
		}
	})
	t.Run("E8: tools are refused before anything is sent to the web back end", func(t *testing.T) {
		d.will(clewdr)
		r := ask(t, anthropic, "web", user+`,"tools":[{"name":"f","input_schema":{"type":"object"}}]`)
		if got := errorIn(t, anthropic, r); r.status != 400 || !strings.HasPrefix(got.message, "tools: ") {
			t.Errorf("%d %s", r.status, r.body)
		}
		r = ask(t, openai, "web", user+`,"tools":[{"type":"function","function":{"name":"f"}}]`)
		if got := errorIn(t, openai, r); r.status != 400 || got.param != "tools" {
			t.Errorf("%d %s", r.status, r.body)
		}
		if n := len(d.asked()); n != 0 {
			t.Errorf("the provider was asked %d times", n)
		}
	})
	t.Run("E9: a picture by URL is fetched for the web back end", func(t *testing.T) {
		const base64 = "R0lGODlhAQABAAAAADs="
		for client, part := range map[dialect]string{
			anthropic: `{"type":"image","source":{"type":"url","url":"` + pictures.URL + `/a.gif"}}`,
			openai:    `{"type":"image_url","image_url":{"url":"` + pictures.URL + `/a.gif"}}`,
		} {
			d.will(clewdr)
			r := ask(t, client, "web", `"messages":[{"role":"user","content":[`+part+`,{"type":"text","text":"what?"}]}]`)
			if sent := d.last(t).body; r.status != 200 || !strings.Contains(sent, `"source":{"type":"base64","media_type":"image/gif","data":"`+base64+`"}`) || strings.Contains(sent, pictures.URL) {
				t.Errorf("%s: %d, the provider gets %s", client.name, r.status, sent)
			}
		}
	})
	t.Run("E10: a whole answer of the web back end has a model and a reason", func(t *testing.T) {
		d.will(clewdr)
		if r := ask(t, anthropic, "web", user); r.status != 200 || !strings.Contains(r.body, `"model":"web"`) || !strings.Contains(r.body, `"stop_reason":"end_turn"`) {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
	t.Run("E11: usage of zeros is estimated", func(t *testing.T) {
		zeros := append(append([]string{}, messagesStream[:5]...), `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":0,"output_tokens":0}}`, messagesStream[6])
		for client, want := range map[dialect]string{
			anthropic: `"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3}`,
			openai:    `"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15`,
		} {
			for _, stream := range []string{"true", "false"} {
				d.will(func(w http.ResponseWriter, r *http.Request) { events(w, zeros...) })
				if r := ask(t, client, "web", user+`,"stream":`+stream+`,"stream_options":{"include_usage":true}`); r.status != 200 || !strings.Contains(r.body, want) {
					t.Errorf("%s, stream %s: %d %s", client.name, stream, r.status, r.body)
				}
			}
		}
	})
	t.Run("E12: a stream that ends early is an error", func(t *testing.T) {
		for client, want := range map[dialect]string{anthropic: "event: error\n", openai: `data: {"error":{`} {
			d.will(func(w http.ResponseWriter, r *http.Request) { events(w, messagesStream[:3]...) })
			if r := ask(t, client, "web", user+`,"stream":true`); !strings.Contains(r.body, want) || strings.Contains(r.body, "message_stop") || strings.Contains(r.body, "[DONE]") {
				t.Errorf("%s: %d %s", client.name, r.status, r.body)
			}
		}
	})
	t.Run("E13: the password is sent as a bearer, whatever the client's key", func(t *testing.T) {
		d.will(clewdr)
		r := ask(t, anthropic, "code", user, "Authorization", "", "X-Api-Key", gatewaytest.Key)
		if sent := d.last(t).header; r.status != 200 || sent.Get("Authorization") != "Bearer "+secret || sent.Get("X-Api-Key") != "" {
			t.Errorf("%d %s, the provider gets %v", r.status, r.body, sent)
		}
	})
	t.Run("E15: roles that Clewdr does not know are never sent", func(t *testing.T) {
		d.will(clewdr)
		r := ask(t, openai, "code", `"messages":[{"role":"developer","content":"d"},{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}],"tools":[{"type":"function","function":{"name":"f"}}]`)
		if r.status != 200 || !strings.Contains(r.body, "Hello there") {
			t.Errorf("%d %s, the provider gets %s", r.status, r.body, d.last(t).body)
		}
	})
	t.Run("E16: clients of Chat are not served by Clewdr's Chat, which has no end", func(t *testing.T) {
		for _, model := range []string{"code", "web"} {
			d.will(clewdr)
			r := ask(t, openai, model, user+`,"stream":true`)
			if path := d.last(t).path; strings.Contains(path, "chat") || !strings.HasSuffix(r.body, "data: [DONE]\n\n") || !strings.Contains(r.body, `"finish_reason":"stop"`) {
				t.Errorf("%s is asked: %s", path, r.body)
			}
		}
	})
	t.Run("E18: plain answers are asked for, and packed ones read", func(t *testing.T) {
		for _, client := range dialects {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				io.WriteString(z, messagesWhole)
				z.Close()
			})
			r := ask(t, client, "code", user)
			if sent := d.last(t).header.Get("Accept-Encoding"); sent != "identity" || r.status != 200 || !strings.Contains(r.body, "Hello there") || r.header.Get("Content-Encoding") != "" {
				t.Errorf("%s: asked for %q, %d %s", client.name, sent, r.status, r.body)
			}
		}
	})
	t.Run("E19: a web page with 200 is a failure", func(t *testing.T) {
		for _, client := range dialects {
			for _, stream := range []string{"true", "false"} {
				d.will(failing(200, "text/html", "<!doctype html><title>Clewdr</title>"))
				if r := ask(t, client, "code", user+`,"stream":`+stream); r.status != 502 || strings.Contains(r.body, "doctype") {
					t.Errorf("%s: %d %s", client.name, r.status, r.body)
				}
			}
		}
	})
}
