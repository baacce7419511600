package translate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

func chatPass(usage bool) func() translate.Pass {
	return func() translate.Pass { return openai.Dialect{}.NewPass(passing(true, usage)) }
}

// frames puts records into the framing of a stream of Chat.
func frames(records ...string) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteString("data: " + r + "\n\n")
	}
	return b.String()
}

// Streams of Chat to clients of Chat that ask for usage.
func TestPassedChatStreams(t *testing.T) {
	const (
		odd    = `{ "id":"x","zz":{"b":1,"a":[1.50,-0,1e5]},"model":"up","choices":[{"index":0,"delta":{"content":"h\u00e9\/ 😀","content2":null,"x":1,"x":2},"logprobs":null,"finish_reason":null}],"obfuscation":"qwe" }`
		model  = `"model":"up"`
		own    = `"model":"logical"`
		text   = `{"model":"up","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`
		stop   = `{"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
		count  = `{"model":"up","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"cost":1.2e-05}}`
		beside = `{"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`
	)
	named := func(s string) string { return strings.ReplaceAll(s, model, own) }
	for _, p := range []passedStream{
		{name: "G1: each record keeps its bytes but for the model's name", in: frames(odd, text, stop, count, "[DONE]"), want: named(frames(odd, text, stop, count, "[DONE]")), told: "done stop"},
		{name: "G1: a record without a model, and one whose model is no text", in: frames(`{"choices":[{"delta":{"content":"a"}}]}`, `{"model":null,"choices":[{"delta":{},"finish_reason":"stop"}]}`, "[DONE]"),
			want: frames(`{"choices":[{"delta":{"content":"a"}}]}`, `{"model":null,"choices":[{"delta":{},"finish_reason":"stop"}]}`, "[DONE]"), told: "done stop"},
		{name: "G1: records of a kind that nobody knows", in: frames(text, `{"object":"chat.completion.future","model":"up","future":[1,{"y":2.0}]}`, stop, "[DONE]"), want: named(frames(text, `{"object":"chat.completion.future","model":"up","future":[1,{"y":2.0}]}`, stop, "[DONE]")), told: "done stop"},
		{name: "G1: usage of null stays where usage was asked for", in: frames(`{"model":"up","choices":[{"delta":{"content":"a"}}],"usage":null}`, stop, "[DONE]"), want: named(frames(`{"model":"up","choices":[{"delta":{"content":"a"}}],"usage":null}`, stop, "[DONE]")), told: "done stop"},
		{name: "G7: usage beside choices is told once, in a record of its own", in: frames(text, beside, "[DONE]"), want: named(frames(text, stop, `{"model":"up","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}`, "[DONE]")), told: "done stop"},
		{name: "G7: usage with each record as well", in: frames(`{"model":"up","usage":{"prompt_tokens":3,"completion_tokens":1},"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`, beside, "[DONE]"),
			want: named(frames(text, stop, `{"model":"up","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}`, "[DONE]")), told: "done stop"},
		{name: "D1: comments between records go on", in: ": OPENROUTER PROCESSING\n\n" + frames(text) + ": OPENROUTER PROCESSING\n\n" + frames(stop, "[DONE]"), want: ": OPENROUTER PROCESSING\n\n" + named(frames(text)) + ": OPENROUTER PROCESSING\n\n" + named(frames(stop, "[DONE]")), told: "done stop"},
		{name: "D2: an error after content, in Chat's own form and without [DONE]", in: frames(text, `{"id":"gen-1","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`, "[DONE]"),
			want: named(frames(text)) + frames(`{"error":{"message":"the provider failed","type":"server_error","param":null,"code":"upstream_error"}}`), told: "failed: the provider failed"},
		{name: "D6: a record of usage without choices", in: frames(text, stop, count, "[DONE]"), want: named(frames(text, stop, count, "[DONE]")), told: "done stop"},
		{name: "D7: a first record of debug words", in: frames(`{"model":"up","choices":[],"debug":{"x":1}}`, text, stop, "[DONE]"), want: named(frames(`{"model":"up","choices":[],"debug":{"x":1}}`, text, stop, "[DONE]")), told: "done stop"},
		{name: "pain 14: a record that is no JSON is left out, the others go on", in: frames(text, `{"model":"up","choices":[{`, stop, "[DONE]"), want: named(frames(text, stop, "[DONE]")), told: "done stop"},
		{name: "trap 118: data without a space, other line ends, several data lines", in: "data:" + text + "\r\n\r\ndata: {\"model\":\"up\",\ndata: \"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata:[DONE]\r\n\r\n",
			want: named(frames(text, `{"model":"up", "choices":[{"delta":{},"finish_reason":"stop"}]}`, "[DONE]")), told: "done stop"},
		{name: "5.1: white space behind [DONE], and nothing after it", in: frames(text, stop, "[DONE] ", text), want: named(frames(text, stop, "[DONE]")), told: "done stop"},
		{name: "5.1: a last record without its blank line", in: frames(text, stop) + "data: [DONE]", want: named(frames(text, stop, "[DONE]")), told: "done stop"},
		{name: "5.5: the body ends after the reason: completed", in: frames(text, stop), want: named(frames(text, stop, "[DONE]")), told: "done stop"},
		{name: "5.5: a cut after the reason: completed", in: frames(text, stop), end: errors.New("reset"), want: named(frames(text, stop, "[DONE]")), told: "done stop"},
		{name: "pain 7: the body ends before the reason: an error, no [DONE]", in: frames(text), want: named(frames(text)) + frames(`{"error":{"message":"the provider's stream ended before the answer was complete","type":"server_error","param":null,"code":"upstream_stream_interrupted"}}`),
			told: "failed: the provider's stream ended before the answer was complete"},
		{name: "pain 7: a cut inside of a record as well", in: frames(text) + `data: {"model":"up","choices":[{"index":0,"del`, end: errors.New("reset"), want: named(frames(text)) + frames(`{"error":{"message":"the provider's stream ended before the answer was complete","type":"server_error","param":null,"code":"upstream_stream_interrupted"}}`),
			told: "failed: the provider's stream ended before the answer was complete"},
	} {
		p.run(t, chatPass(true))
	}
}

// Streams of Chat to clients of Chat that did not ask for usage.
func TestPassedChatStreamsWithoutUsage(t *testing.T) {
	const (
		text = `{"model":"logical","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`
		stop = `{"model":"logical","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	)
	for _, p := range []passedStream{
		{name: "D8: the record of usage is not shown to a client that did not ask", in: frames(text, stop, `{"model":"up","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}`, "[DONE]"), want: frames(text, stop, "[DONE]"), told: "done stop"},
		{name: "D8: the key is gone from all other records", in: frames(`{"model":"up","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null}`, `{"model":"up","usage":{"prompt_tokens":3,"completion_tokens":2},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]"),
			want: frames(text, stop, "[DONE]"), told: "done stop"},
		{name: "D8: wherever it stands, and however often", in: frames(`{"usage":null,"model":"up","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}`, `{"usage":null,"usage":{"prompt_tokens":1,"completion_tokens":1},"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}] , "usage" : null}`, "[DONE]"),
			want: frames(text, stop, "[DONE]"), told: "done stop"},
	} {
		p.run(t, chatPass(false))
	}
	t.Run("D8: the gateway has seen it all the same", func(t *testing.T) {
		got := carry(chatPass(false)(), strings.NewReader(frames(text, stop, `{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4},"cost":1.2e-05}}`, "[DONE]")), nil)
		if u := got.usage; u == nil || u.Input != 6 || u.CacheRead != 4 || u.Output != 2 || u.Cost != "1.2e-05" {
			t.Errorf("got %+v", u)
		}
	})
}

// Whole answers of Chat to clients of Chat.
func TestPassedChatAnswers(t *testing.T) {
	pass := func(t *testing.T, body string) (string, translate.Seen) {
		doc := new(scan.Doc)
		if err := doc.Parse([]byte(body), scan.Limits{}); err != nil {
			t.Fatal(err)
		}
		out, seen := openai.Dialect{}.PassResponse(nil, doc, passing(false, false))
		return string(out), seen
	}
	const body = "{\n  \"id\" : \"gen-1\", \"model\":\"up\",\"x\":{\"model\":\"up\"},\"choices\":[{\"message\":{\"content\":\"h\\u00e9\",\"y\":1.0,\"y\":2},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":4}}\n}"
	t.Run("G1: a whole answer keeps its bytes but for the model's name", func(t *testing.T) {
		got, seen := pass(t, body)
		if want := strings.Replace(body, `"up"`, `"logical"`, 1); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if seen.Model != "up" || seen.ID != "gen-1" || seen.Stop.Native != "length" || seen.Usage.Input != 6 || seen.Usage.CacheRead != 4 || seen.Usage.Output != 2 {
			t.Errorf("seen %+v %+v", seen, seen.Usage)
		}
	})
	t.Run("D5: an error in a choice of a 200 is a failure, not an answer", func(t *testing.T) {
		got, seen := pass(t, `{"model":"up","choices":[{"message":{"content":"half"},"finish_reason":"error","error":{"code":503,"message":"busy"}}]}`)
		if got != "" || seen.Err == nil || seen.Err.Kind != translate.ErrOverloaded {
			t.Errorf("got %q and %+v", got, seen.Err)
		}
	})
	t.Run("D5: nothing but an error as well", func(t *testing.T) {
		if got, seen := pass(t, `{"error":{"code":"server_error","message":"boom"}}`); got != "" || seen.Err == nil || seen.Err.Kind != translate.ErrUpstream {
			t.Errorf("got %q and %+v", got, seen.Err)
		}
	})
}
