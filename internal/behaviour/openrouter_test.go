package behaviour

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What OpenRouter does to streams, and what clients see of it (provider-openrouter.md 5).
func TestOpenRouter(t *testing.T) {
	d, spare := newDouble(t), newDouble(t)
	videos := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "video/mp4")
		io.WriteString(w, "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isom")
	}))
	t.Cleanup(videos.Close)
	routed := func(model, further string) string {
		return "\t\tmodel " + model + " {\n\t\t\troute or vendor/up {\n" + further + "\t\t\t}\n\t\t\troute spare up\n\t\t}\n"
	}
	url := gateway(t, d, provider("or", "openrouter", d)+provider("spare", "openai", spare)+
		routed("routed", "")+routed("idle", "\t\t\t\ttimeout {\n\t\t\t\t\tidle 600ms\n\t\t\t\t}\n")+
		"\t\tmodel videos {\n\t\t\troute or vendor/up {\n\t\t\t\tcapability video_url false\n\t\t\t}\n\t\t}\n"+
		"\t\tfetch {\n\t\t\tallow 127.0.0.0/8\n\t\t}\n"+
		"\t\tmodel first {\n\t\t\troute or vendor/up {\n\t\t\t\ttimeout {\n\t\t\t\t\tfirst_token 600ms\n\t\t\t\t}\n\t\t\t}\n\t\t}\n")
	const processing = ": OPENROUTER PROCESSING"
	const broken = `{"id":"gen-1","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`
	waiting := func(w http.ResponseWriter, times int) {
		for range times {
			io.WriteString(w, event(processing))
			flush(w)
			time.Sleep(100 * time.Millisecond)
		}
	}
	said := func(t *testing.T, r reply) {
		t.Helper()
		text := strings.ReplaceAll(strings.ReplaceAll(r.body, `"Hello"`, "\x00"), `" there"`, "\x01")
		if r.status != 200 || strings.Count(text, "\x00") != 1 || strings.Count(text, "\x01") != 1 || strings.Contains(text, `"error"`) {
			t.Errorf("%d %s", r.status, r.body)
		}
	}

	t.Run("D1: comments before and between records are no data", func(t *testing.T) {
		for _, client := range dialects {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				var list []string
				for _, e := range chatStream {
					list = append(list, processing, e, processing)
				}
				events(w, list...)
			})
			got := post(t, url+client.path, hello("routed", true))
			said(t, got)
			if client == anthropic && strings.Contains(got.body, "\n:") {
				t.Errorf("a client of Messages gets comments: %s", got.body)
			}
		}
	})
	t.Run("D1: they are signs of life between tokens", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			events(w, chatStream[:2]...)
			waiting(w, 9)
			for _, e := range chatStream[2:] {
				io.WriteString(w, event(e))
			}
		})
		said(t, post(t, url+anthropic.path, hello("idle", true)))
	})
	t.Run("D1: they are not the first token", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			waiting(w, 15)
		})
		if r := post(t, url+anthropic.path, hello("first", true)); r.status != 504 || errorIn(t, anthropic, r).kind != "timeout_error" {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
	t.Run("D3: an error record before any content goes to the next route", func(t *testing.T) {
		for _, client := range dialects {
			d.will(func(w http.ResponseWriter, r *http.Request) { events(w, processing, chatStream[0], broken) })
			spare.will(well)
			said(t, post(t, url+client.path, hello("routed", true)))
			if len(spare.asked()) != 1 {
				t.Errorf("%s: the next route was asked %d times", client.name, len(spare.asked()))
			}
		}
	})
	t.Run("pain 8: so does one that is the first record", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) { events(w, broken) })
		spare.will(well)
		said(t, post(t, url+anthropic.path, hello("routed", true)))
	})
	t.Run("pain 9: a route that fails after its first frames leaves one message_start", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) { events(w, chatStream[0], broken) })
		spare.will(well)
		if r := post(t, url+anthropic.path, hello("routed", true)); strings.Count(r.body, "event: message_start") != 1 {
			t.Errorf("%s", r.body)
		}
	})
	t.Run("D2: an error record after content is told in-band, and no other route is asked", func(t *testing.T) {
		for client, want := range map[dialect]string{
			openai:    `data: {"error":{"message":"the provider failed","type":"server_error","param":null,"code":"upstream_error"}}` + "\n\n",
			anthropic: `event: error` + "\n" + `data: {"type":"error","error":{"type":"api_error","message":"the provider failed"}`,
		} {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				events(w, chatStream[0], chatStream[1], broken, chatStream[2], chatStream[5])
			})
			spare.will(well)
			r := post(t, url+client.path, hello("routed", true))
			if r.status != 200 || !strings.Contains(r.body, "Hello") || !strings.Contains(r.body, want) {
				t.Errorf("%d %s", r.status, r.body)
			}
			if strings.Contains(r.body, "[DONE]") || strings.Contains(r.body, "message_stop") || strings.Contains(r.body, " there") || len(spare.asked()) != 0 {
				t.Errorf("the answer goes on after its failure: %s", r.body)
			}
		}
	})
	t.Run("D5: an error inside of a whole answer goes to the next route", func(t *testing.T) {
		for _, client := range dialects {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				whole(w, `{"id":"gen-1","choices":[{"index":0,"message":{"role":"assistant","content":"half"},"finish_reason":"error","error":{"code":502,"message":"gone"}}]}`)
			})
			spare.will(well)
			if r := post(t, url+client.path, hello("routed", false)); r.status != 200 || !strings.Contains(r.body, "Hello there") || strings.Contains(r.body, "half") {
				t.Errorf("%s: %d %s", client.name, r.status, r.body)
			}
		}
	})
	t.Run("D8: usage is asked for though the client did not, and hidden from it", func(t *testing.T) {
		d.will(well)
		r := post(t, url+openai.path, hello("routed", true))
		said(t, r)
		if sent := d.last(t).body; !strings.Contains(sent, `"stream_options":{"include_usage":true}`) {
			t.Errorf("the provider gets %s", sent)
		}
		if strings.Contains(r.body, "usage") {
			t.Errorf("the client gets %s", r.body)
		}
	})
	t.Run("D26: a video by URL is inlined as a video where the route says so, one of YouTube's is not", func(t *testing.T) {
		d.will(well)
		const youtube = `{"type":"video_url","video_url":{"url":"https://www.youtube.com/watch?v=x"}}`
		body := `{"model":"%s","messages":[{"role":"user","content":[{"type":"video_url","video_url":{"url":"` + videos.URL + `/a.mp4"}, "x":1},` + youtube + `]}]}`
		r := post(t, url+openai.path, strings.Replace(body, "%s", "videos", 1))
		want := `[{"type":"video_url","video_url":{"url":"data:video/mp4;base64,AAAAGGZ0eXBtcDQyAAAAAGlzb20="}, "x":1},` + youtube + `]`
		if sent := d.last(t).body; r.status != 200 || !strings.Contains(sent, want) {
			t.Errorf("%d, the provider gets %s", r.status, sent)
		}
		d.will(well)
		r = post(t, url+openai.path, strings.Replace(body, "%s", "first", 1))
		if sent := d.last(t).body; r.status != 200 || sent != strings.Replace(body, "%s", "vendor/up", 1) {
			t.Errorf("%d, the provider gets %s", r.status, sent)
		}
	})
	t.Run("pain 10: nothing is said twice after content: no route takes over", func(t *testing.T) {
		d.will(func(w http.ResponseWriter, r *http.Request) { events(w, chatStream[:3]...) })
		spare.will(well)
		if r := post(t, url+anthropic.path, hello("routed", true)); strings.Count(r.body, "Hello") != 1 || !strings.Contains(r.body, "event: error\n") || len(spare.asked()) != 0 {
			t.Errorf("%s", r.body)
		}
	})
	t.Run("deny: fields that choose OpenRouter's providers are taken out, and reported", func(t *testing.T) {
		for body, want := range map[string]string{
			`{"models":["a"],"model":"routed","messages":[{"role":"user","content":"x"}],"provider":{"order":["b"]} , "temperature":1.0,"plugins":[],"transforms":[]}`: `{"model":"vendor/up","messages":[{"role":"user","content":"x"}] , "temperature":1.0}`,
			`{"model":"routed","route":"fallback","provider":{},"messages":[{"role":"user","content":"x"}]}`:                                                           `{"model":"vendor/up","messages":[{"role":"user","content":"x"}]}`,
		} {
			d.will(well)
			r := post(t, url+openai.path, body, "X-Xjp-Debug", "1")
			if sent := d.last(t).body; r.status != 200 || sent != want {
				t.Errorf("%d, the provider gets\n%s\nwant\n%s", r.status, sent, want)
			}
			if lossy := r.header.Get("X-Xjp-Lossy"); !strings.Contains(lossy, "provider=dropped") {
				t.Errorf("losses %q", lossy)
			}
		}
	})
	t.Run("deny: OpenRouter's own tools, which cost, are refused", func(t *testing.T) {
		d.will(well)
		r := post(t, url+openai.path, `{"model":"first","messages":[{"role":"user","content":"x"}],"tools":[{"type":"openrouter:web_search"}]}`)
		if got := errorIn(t, openai, r); r.status != 400 || got.param != "tools" || len(d.asked()) != 0 {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
}

// TestMaxPrice checks that bounds of OpenRouter's prices reach it by each way that a request
// can take, with what the route sets, and without what the client may not.
func TestMaxPrice(t *testing.T) {
	d := newDouble(t)
	options := strings.Replace(provider("or", "openrouter", d), "\t\t}\n", "\t\t\tmax_price {\n\t\t\t\tprompt 3\n\t\t\t\timage 0.01\n\t\t\t}\n\t\t}\n", 1)
	url := gateway(t, d, options+"\t\tmodel plain {\n\t\t\troute or vendor/up\n\t\t}\n\t\tmodel claude {\n\t\t\troute or anthropic/claude-sonnet-4.5 {\n\t\t\t\tbody provider `{\"order\":[\"anthropic\"],\"max_price\":{\"prompt\":2}}`\n\t\t\t}\n\t\t}\n")
	for _, client := range dialects {
		for model, want := range map[string]string{
			"plain":  `"provider":{"max_price":{"prompt":"3","image":"0.01"}}`,
			"claude": `"provider":{"order":["anthropic"],"max_price":{"prompt":"2","image":"0.01"}}`,
		} {
			for _, stream := range []bool{false, true} {
				d.will(well)
				body := strings.Replace(hello(model, stream), `{`, `{"provider":{"max_price":{"prompt":99}},`, 1)
				got := post(t, url+client.path, body)
				if sent := d.last(t).body; got.status != 200 || strings.Count(sent, `"provider"`) != 1 || !strings.Contains(sent, want) {
					t.Errorf("D16: %s for %s, stream %v: %d, sent %s", client.name, model, stream, got.status, sent)
				}
			}
		}
	}
}
