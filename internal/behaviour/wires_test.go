package behaviour

import (
	"io"
	"net"
	"net/http"
	"strings"
)

// wire is the form in which a provider streams.
type wire struct {
	name string
	// life are frames that a stream begins with and that carry nothing, hello a frame of
	// content, failure one that tells an error, garbage one that is no JSON.
	life             []string
	hello            string
	failure, garbage string
}

// The wires, and a frame that tells an error inside a stream in each.
var wires = map[string]wire{
	"chat": {"chat", []string{": PROCESSING", chatStream[0]}, chatStream[1],
		`{"error":{"message":"their words","type":"server_error","code":502}}`, `{"id":`},
	"messages": {"messages", []string{messagesStream[0], `{"type":"ping"}`, messagesStream[1]}, messagesStream[2],
		`{"type":"error","error":{"type":"api_error","message":"their words"}}`, `{"type":"content_block_delta",`},
	"gemini": {"gemini", []string{`{"usageMetadata":{"promptTokenCount":12},"modelVersion":"up"}`},
		`{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"index":0}],"modelVersion":"up"}`,
		`{"error":{"code":500,"message":"their words","status":"INTERNAL"}}`, `{"candidates":`},
}

var wireNames = []string{"chat", "messages", "gemini"}

// wireOf tells the wire that is called.
func wireOf(r *http.Request) wire {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/messages"), strings.HasSuffix(path, "awPredict"):
		return wires["messages"]
	case strings.HasSuffix(path, "enerateContent"):
		return wires["gemini"]
	}
	return wires["chat"]
}

// asksForStream tells whether a provider is asked for a stream.
func asksForStream(r *http.Request) bool {
	body, _ := io.ReadAll(r.Body)
	return strings.Contains(string(body), `"stream":true`) || strings.Contains(r.URL.Path, ":stream")
}

// send writes frames and flushes.
func send(w http.ResponseWriter, frames ...string) {
	for _, f := range frames {
		io.WriteString(w, event(f))
	}
	flush(w)
}

// reset breaks the connection.
func reset(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// hardReset breaks the connection with a TCP reset, before anything is answered.
func hardReset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// stall says nothing more until the caller goes away.
func stall(r *http.Request) { <-r.Context().Done() }
