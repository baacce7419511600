package behaviour

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What a Messages provider gets of a Chat client's request beyond its translation: media
// that the gateway has looked at, headers of its own, and nothing lost on a strict route.
func TestChatToMessagesProvider(t *testing.T) {
	d := newDouble(t)
	const pdf, png = "%PDF-1.7 …", "\x89PNG\r\n\x1a\n…"
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if r.URL.Path == "/y.pdf" && r.URL.Query().Get("sig") == "1" {
			io.WriteString(w, pdf)
			return
		}
		io.WriteString(w, png)
	}))
	t.Cleanup(files.Close)
	url := gateway(t, d, "\t\tfetch {\n\t\t\tallow 127.0.0.0/8\n\t\t}",
		"\t\tmodel thinker {\n\t\t\troute messages claude-sonnet-4-5\n\t\t}",
		"\t\tmodel strict {\n\t\t\tstrict\n\t\t\troute messages claude-sonnet-4-5\n\t\t}",
		"\t\tmodel strictroute {\n\t\t\troute messages claude-sonnet-4-5 {\n\t\t\t\tstrict\n\t\t\t}\n\t\t}")
	chat := func(t *testing.T, members string, headers ...string) reply {
		t.Helper()
		d.will(well)
		return post(t, url+openai.path, `{`+members+`}`, headers...)
	}
	image := func(path string) string {
		return `"model":"messages","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + files.URL + path + `"}}]}]`
	}

	t.Run("trap 41: an address that goes by the name of a PDF is looked at, not guessed", func(t *testing.T) {
		chat(t, image("/y.pdf?sig=1"))
		want := `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"` + base64.StdEncoding.EncodeToString([]byte(pdf)) + `"}}`
		if got := d.last(t).body; !strings.Contains(got, want) {
			t.Errorf("sent %s\nwant %s", got, want)
		}
		chat(t, image("/other.pdf"))
		want = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + base64.StdEncoding.EncodeToString([]byte(png)) + `"}}`
		if got := d.last(t).body; !strings.Contains(got, want) {
			t.Errorf("sent %s\nwant %s", got, want)
		}
	})
	t.Run("2.3 an address that may be an image is left to the provider", func(t *testing.T) {
		chat(t, image("/y.png?as=.pdf"))
		want := `{"type":"image","source":{"type":"url","url":"` + files.URL + `/y.png?as=.pdf"}}`
		if got := d.last(t).body; !strings.Contains(got, want) {
			t.Errorf("sent %s\nwant %s", got, want)
		}
	})

	const hi = `"messages":[{"role":"user","content":"hi"}]`
	for _, model := range []string{"strict", "strictroute"} {
		t.Run("G6 strict refuses what would be lost, by its name: "+model, func(t *testing.T) {
			for _, loss := range [][2]string{
				{`"seed":7`, "seed"}, {`"temperature":1.7`, "temperature"}, {`"max_completion_tokens":9000000`, "max_completion_tokens"},
				{`"safety_identifier":"a@b.c"`, "safety_identifier"}, {`"stop":["a"," "]`, "stop"},
			} {
				got := chat(t, `"model":"`+model+`",`+loss[0]+`,`+hi)
				e := errorIn(t, openai, got)
				if got.status != 400 || e.param != loss[1] || len(d.asked()) != 0 {
					t.Errorf("%s: %d %s, and %d calls", loss[0], got.status, got.body, len(d.asked()))
				}
			}
			if got := chat(t, `"model":"`+model+`","max_tokens":50,`+hi); got.status != 200 {
				t.Errorf("without a loss: %d %s", got.status, got.body)
			}
		})
	}
	t.Run("G5 losses are told to a client that asks", func(t *testing.T) {
		got := chat(t, `"model":"messages","temperature":1.7,"seed":7,`+hi, "X-Xjp-Debug", "1")
		if lossy := got.header.Get("X-Xjp-Lossy"); lossy == "" || !strings.Contains(lossy, "seed=dropped") {
			t.Errorf("x-xjp-lossy %q", lossy)
		}
		if lossy := chat(t, `"model":"messages","seed":7,`+hi).header.Get("X-Xjp-Lossy"); lossy != "" {
			t.Errorf("x-xjp-lossy %q, unasked", lossy)
		}
	})
	t.Run("2.9 the provider gets headers of the gateway's own", func(t *testing.T) {
		chat(t, `"model":"messages","stream":true,`+hi, "X-Stainless-Lang", "js", "OpenAI-Organization", "org", "Cookie", "a=b",
			"Anthropic-Beta", "effort-2025-11-24", "X-Forwarded-For", "10.0.0.1", "Anthropic-Dangerous-Direct-Browser-Access", "true")
		h := d.last(t).header
		for name, want := range map[string]string{
			"X-Api-Key": secret, "Anthropic-Version": "2023-06-01", "Content-Type": "application/json", "Accept": "text/event-stream",
			"Authorization": "", "X-Stainless-Lang": "", "Openai-Organization": "", "Cookie": "", "Anthropic-Beta": "", "X-Forwarded-For": "", "Anthropic-Dangerous-Direct-Browser-Access": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})

	t.Run("2.1 a large whole answer is streamed by the provider", func(t *testing.T) {
		for members, stream := range map[string]bool{`"max_tokens":500`: false, `"max_tokens":20000`: true, `"n":1`: true} {
			got := chat(t, `"model":"messages",`+members+`,`+hi)
			if !strings.Contains(got.body, `"content":"Hello there"`) || strings.Contains(d.last(t).body, `"stream":true`) != stream {
				t.Errorf("%s: answered %s\nto %s", members, got.body, d.last(t).body)
			}
		}
	})
	t.Run("2.4 thinking that a client has dropped stands in the next request again", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			whole(w, `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"thinking","thinking":"Hm \"so\"","signature":"sig+/="},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":3}}`)
		})
		const ask = `{"model":"thinker","max_tokens":9000,"reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"hi"}`
		if got := post(t, url+openai.path, ask+`]}`); got.status != 200 {
			t.Fatal(got.body)
		}
		d.will(well)
		post(t, url+openai.path, ask+`,{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"toolu_1","content":"A"}]}`)
		sent := d.last(t).body
		for _, want := range []string{`{"role":"assistant","content":[{"type":"thinking","thinking":"Hm \"so\"","signature":"sig+/="},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}]}`, `"thinking":{"type":"enabled","budget_tokens":1800}`} {
			if !strings.Contains(sent, want) {
				t.Errorf("sent %s\nwithout %s", sent, want)
			}
		}
		d.will(well)
		post(t, url+openai.path, ask+`,{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_9","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_9","content":"A"}]}`)
		if sent := d.last(t).body; strings.Contains(sent, `"thinking"`) {
			t.Errorf("thinking in a loop that began without it: %s", sent)
		}
	})
}
