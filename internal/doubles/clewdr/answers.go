package clewdr

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// failures are the answers by error, by the model's name.
var failures = map[string]struct {
	status int
	body   string
}{
	"pool-empty": {http.StatusInternalServerError, `{"error":{"message":"No cookie available","type":"no_cookie_available"}}`},
	"retries":    {http.StatusGatewayTimeout, `{"error":{"message":"Too many retries","type":"too_many_retries"}}`},
	"blocked":    {http.StatusFound, `{"error":{"message":"Blocked, check your IP address","type":"error"}}`},
	"overloaded": {529, `{"error":{"message":{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}},"type":"overloaded_error"}}`},
	"json422":    {http.StatusUnprocessableEntity, `{"error":{"message":"missing field","type":"json_rejection"}}`},
}

// answer plays what the model's name asks for; any other name is a faithful answer.
func (d *Double) answer(w http.ResponseWriter, r *http.Request, q *request, web bool) {
	name := strings.TrimPrefix(q.Model, "claude-sonnet-4-5-")
	if f, ok := failures[name]; ok {
		writeJSON(w, f.status, f.body)
		return
	}
	switch {
	case name == "canned": // as if the magic prompt had come through
		writeJSON(w, http.StatusOK, `{"role":"assistant","content":[{"type":"text","text":"Claude Reverse Proxy is working, please send a real message."}]}`)
	case name == "html":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Clewdr</title>")
	case name == "gzip":
		compressed(w, r, strings.Replace(whole, "Hello there.", "Hello there. always", 1))
	case !q.Stream && web:
		writeJSON(w, http.StatusOK, `{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","type":"message","role":"assistant","model":"","content":[{"type":"text","text":"Hello there. STOP and more"}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":3}}`)
	case !q.Stream:
		writeJSON(w, http.StatusOK, whole)
	default:
		d.stream(w, frames(name, q, web), name)
	}
}

// whole is an answer of the API behind the code back end.
const whole = `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hello there."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"cache_read_input_tokens":4,"cache_creation_input_tokens":2,"output_tokens":5}}`

// stream writes frames one by one; keep-alive comments come before the first.
func (d *Double) stream(w http.ResponseWriter, frames []string, name string) {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	fmt.Fprint(w, ":\n\n")
	_ = rc.Flush()
	d.pause(5 * time.Millisecond)
	for _, f := range frames {
		fmt.Fprint(w, f)
		_ = rc.Flush()
	}
	if name == "cut" {
		panic(http.ErrAbortHandler)
	}
}

// event writes a frame; the web back end names its own events "message" (E7).
func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }

// Frames of the code back end: thinking with a signature, then a call in pieces.
var codeFrames = []string{
	event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"cache_read_input_tokens":4,"cache_creation_input_tokens":2,"output_tokens":1}}}`),
	event("ping", `{"type":"ping"}`),
	event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`),
	event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me look."}}`),
	event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2lnbmF0dXJl"}}`),
	event("content_block_stop", `{"type":"content_block_stop","index":0}`),
	event("content_block_start", `{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}`),
	event("content_block_delta", `{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}`),
	event("content_block_delta", `{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Rome\"}"}}`),
	event("content_block_stop", `{"type":"content_block_stop","index":1}`),
	event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":12}}`),
	event("message_stop", `{"type":"message_stop"}`),
}

// frames are those of a stream by the model's name.
func frames(name string, q *request, web bool) []string {
	text := []string{
		event("message_start", `{"type":"message_start","message":{"id":"chatcompl_1","type":"message","role":"assistant","model":"","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":0}}}`),
		event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`),
		event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello there. "}}`),
	}
	end := []string{
		event("content_block_stop", `{"type":"content_block_stop","index":0}`),
		event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":0,"output_tokens":0}}`),
		event("message_stop", `{"type":"message_stop"}`),
	}
	switch {
	case name == "cut" || name == "unended":
		return text
	case name == "errevent":
		return append(text, event("error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`))
	case web && slices.Contains(q.Stops, "STOP"):
		return append(text,
			event("message", `{"type":"content_block_stop","index":0}`),
			event("message", `{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"STOP"},"usage":{"output_tokens":0}}`),
			event("message", `{"type":"message_stop"}`))
	case web || name == "text":
		return append(text, end...)
	}
	return codeFrames
}
