package native

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// said is what the upstream answers, which no log, metric or span may hold.
const said = "canary answer 88d0e2"

// What the upstream tells of its usage: 70 prompt tokens that are not cached, 30 that are,
// 20 of the answer, 5 of them reasoning. Messages tells 10 written to the cache as well.
const (
	chatUsage     = `{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":30},"completion_tokens_details":{"reasoning_tokens":5},"cost":0.0012}`
	messagesUsage = `{"input_tokens":70,"cache_read_input_tokens":30,"cache_creation_input_tokens":10,"output_tokens":20}`
)

// telling is a provider of Chat and Messages whose answers tell their usage. The model
// "broken" is answered with an error, "breaks" with one in its stream.
func telling(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		body, wire := string(sent), chat
		if strings.HasSuffix(r.URL.Path, "/messages") {
			wire = messages
		}
		streams := strings.Contains(body, `"stream":true`)
		switch {
		case strings.Contains(body, `"model":"broken"`):
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"type":"error","error":{"type":"api_error","message":"it broke on `+canaryPrompt+`"}}`)
		case strings.Contains(body, `"model":"breaks"`):
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, content(r)+"event: error\ndata: "+`{"type":"error","error":{"type":"api_error","message":"it broke"}}`+"\n\n")
		case streams:
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, toldStream[wire])
		default:
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, toldWhole[wire])
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

var toldWhole = map[string]string{
	chat:     `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"` + said + `"},"finish_reason":"stop"}],"usage":` + chatUsage + `}`,
	messages: `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"` + said + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":` + messagesUsage + `}`,
}

var toldStream = map[string]string{
	chat: frames(``,
		`{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"`+said+`"}}]}`,
		`{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
		`{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":`+chatUsage+`}`,
		`[DONE]`),
	messages: frames("event: %s\n",
		`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":70,"cache_read_input_tokens":30,"cache_creation_input_tokens":10,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`+said+`"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20}}`,
		`{"type":"message_stop"}`),
}

// frames writes events; name is the line that names one by its type.
func frames(name string, data ...string) string {
	var out strings.Builder
	for _, d := range data {
		if name != "" {
			kind, _, _ := strings.Cut(strings.TrimPrefix(d, `{"type":"`), `"`)
			fmt.Fprintf(&out, name, kind)
		}
		out.WriteString("data: " + d + "\n\n")
	}
	return out.String()
}

// tellingApp has a model for each way through the gateway.
func tellingApp(url string) string {
	return `	xjp {
		retry 0
		breaker off
		provider chat openrouter {
			base_url ` + url + `
			api_key XJP_native_upstream
		}
		provider messages anthropic {
			base_url ` + url + `
			api_key XJP_native_upstream
		}
		model by-chat {
			alias chat-alias
			route chat up
		}
		model by-messages {
			route messages up
		}
		model second {
			route chat broken
			route messages up
		}
		model none {
			route chat broken
			route messages broken
		}
		model breaks {
			route chat breaks
		}
		key ` + key + ` {
			id tester
		}
		log_filter ok
	}
`
}
