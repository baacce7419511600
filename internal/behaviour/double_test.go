package behaviour

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// asked is a call that a double has received.
type asked struct {
	method, path, query string
	header              http.Header
	body                string
}

// double is a provider: it remembers what it was asked and answers as the test says.
type double struct {
	url    string
	mu     sync.Mutex
	calls  []asked
	answer http.HandlerFunc
}

// newDouble starts a provider that answers well in the dialect of the path that is called.
func newDouble(t testing.TB) *double {
	t.Helper()
	d := &double{answer: well}
	server := httptest.NewServer(d)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	d.url = server.URL
	return d
}

// will sets how the double answers from now on, and forgets what it was asked. So does the
// gateway what it has answered.
func (d *double) will(answer http.HandlerFunc) {
	gatewaytest.Wake()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer, d.calls = answer, nil
}

// turns sets how the double answers from now on; neither it nor the gateway forgets.
func (d *double) turns(answer http.HandlerFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = answer
}

// asked gives the calls since the last will.
func (d *double) asked() []asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]asked(nil), d.calls...)
}

// last is the one call since the last will.
func (d *double) last(t testing.TB) asked {
	t.Helper()
	calls := d.asked()
	if len(calls) != 1 {
		t.Fatalf("the provider was called %d times, not once", len(calls))
	}
	return calls[0]
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	d.calls = append(d.calls, asked{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Clone(), string(body)})
	answer := d.answer
	d.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer(w, r)
}

// well answers as a healthy provider of any dialect.
func well(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	stream := bytes.Contains(body, []byte(`"stream":true`)) || strings.Contains(r.URL.Path, ":stream")
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/count_tokens"), strings.HasSuffix(path, "count-tokens:rawPredict"):
		whole(w, `{"input_tokens":4711}`)
	case strings.HasSuffix(path, ":countTokens"):
		whole(w, `{"totalTokens":4712}`)
	case strings.HasSuffix(path, "/messages"), strings.HasSuffix(path, "awPredict"):
		if stream {
			events(w, messagesStream...)
			return
		}
		whole(w, messagesWhole)
	case strings.HasSuffix(path, "enerateContent"):
		if stream {
			events(w, geminiWhole)
			return
		}
		whole(w, geminiWhole)
	case strings.HasSuffix(path, "/chat/completions"):
		if stream {
			events(w, chatStream...)
			return
		}
		whole(w, chatWhole)
	default:
		http.NotFound(w, r)
	}
}

// whole writes a JSON answer.
func whole(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, body)
}

// failing answers with a status and a body.
func failing(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// event is a record of a stream: data with a type gets that as its event's name, as in
// Messages.
func event(data string) string {
	if name, ok := strings.CutPrefix(data, `{"type":"`); ok {
		name, _, _ = strings.Cut(name, `"`)
		return fmt.Sprintf("event: %s\ndata: %s\n\n", name, data)
	}
	if strings.HasPrefix(data, ":") {
		return data + "\n\n"
	}
	return "data: " + data + "\n\n"
}

// streaming begins an event stream.
func streaming(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	flush(w)
}

func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }

// events writes a whole stream.
func events(w http.ResponseWriter, list ...string) {
	streaming(w)
	for _, e := range list {
		io.WriteString(w, event(e))
		flush(w)
	}
}

// What healthy providers answer: the text "Hello there", with 12 + 3 tokens.
const (
	chatWhole     = `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}`
	messagesWhole = `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"Hello there"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":3}}`
	geminiWhole   = `{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello there"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15},"modelVersion":"up"}`
)

var (
	chatStream = []string{
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{"content":" there"},"finish_reason":null}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"up","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}`,
		`[DONE]`,
	}
	messagesStream = []string{
		`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" there"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}`,
		`{"type":"message_stop"}`,
	}
)

// withKey refuses one of the provider's keys.
func withKey(key string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer "+key {
			failing(status, "application/json", `{"error":{"message":"bad key"}}`)(w, r)
			return
		}
		well(w, r)
	}
}
