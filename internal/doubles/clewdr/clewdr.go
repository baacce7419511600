// Package clewdr is a double of a self-hosted Clewdr, built from what is known of its
// source (provider-clewdr.md 3 to 7). What it does is chosen by the model's name.
package clewdr

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Password is the one that all callers share.
const Password = "clewdr-password"

// Double is a running Clewdr.
type Double struct {
	URL  string
	mu   sync.Mutex
	seen []Seen
	gone chan struct{}
}

// Seen is a request that reached the double, and what the web back end lost of it.
type Seen struct {
	Path string
	Body []byte
	Lost []string
}

// Start runs a double; the test ends it.
func Start(t testing.TB) *Double {
	d := &Double{gone: make(chan struct{})}
	server := httptest.NewServer(d)
	t.Cleanup(func() { close(d.gone); server.Close() })
	d.URL = server.URL
	return d
}

// Requests gives what reached the double so far.
func (d *Double) Requests() []Seen {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.seen)
}

// maxBody is the limit of a body (section 1).
const maxBody = 32 << 20

func (d *Double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch r.URL.Path {
	case "/v1/messages", "/code/v1/messages":
		d.messages(w, r)
	case "/code/v1/messages/count_tokens":
		if authorized(w, r, true) {
			writeJSON(w, http.StatusOK, `{"input_tokens":17}`)
		}
	case "/v1/models", "/code/v1/models":
		if authorized(w, r, false) {
			writeJSON(w, http.StatusOK, `{"object":"list","data":[{"id":"claude-sonnet-4-5-20250929","object":"model","created":0,"owned_by":"clewdr"},{"id":"claude-sonnet-4-5-20250929-thinking","object":"model","created":0,"owned_by":"clewdr"}]}`)
		}
	case "/v1/chat/completions", "/code/v1/chat/completions":
		if authorized(w, r, false) {
			bare(w)
		}
	default: // the static interface answers any path (E19)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Clewdr</title>")
	}
}

// authorized checks the password: a wrong x-api-key does not matter beside a right
// bearer, and the model lists and OpenAI-like routes take a bearer only (section 3).
func authorized(w http.ResponseWriter, r *http.Request, header bool) bool {
	if r.Header.Get("Authorization") == "Bearer "+Password || header && r.Header.Get("X-Api-Key") == Password {
		return true
	}
	writeJSON(w, http.StatusUnauthorized, `{"error":{"message":"Key/Password Invalid","type":"invalid_auth","code":401}}`)
	return false
}

// request is what Clewdr parses of a body; anything else vanishes.
type request struct {
	Model    string          `json:"model"`
	Stream   bool            `json:"stream"`
	Tools    []any           `json:"tools"`
	Stops    []string        `json:"stop_sequences"`
	Messages []message       `json:"messages"`
	System   json.RawMessage `json:"system"`
}

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

func (d *Double) messages(w http.ResponseWriter, r *http.Request) {
	if !authorized(w, r, true) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reject(w, http.StatusRequestEntityTooLarge, "length limit exceeded")
		return
	}
	var q request
	if err := json.Unmarshal(body, &q); err != nil {
		reject(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	for _, m := range q.Messages {
		if m.Role != "user" && m.Role != "assistant" && m.Role != "system" { // E15
			reject(w, http.StatusUnprocessableEntity, "unknown variant `"+m.Role+"`")
			return
		}
	}
	web := r.URL.Path == "/v1/messages"
	seen := Seen{Path: r.URL.Path, Body: body}
	if web {
		seen.Lost = lost(&q)
	}
	d.mu.Lock()
	d.seen = append(d.seen, seen)
	d.mu.Unlock()
	if !q.Stream && onlyHi(q.Messages) {
		writeJSON(w, http.StatusOK, `{"role":"assistant","content":[{"type":"text","text":"Claude Reverse Proxy is working, please send a real message."}]}`)
		return
	}
	d.answer(w, r, &q, web)
}

// lost lists what the web back end drops of a request without a word.
func lost(q *request) []string {
	var out []string
	if len(q.Tools) > 0 {
		out = append(out, "tools")
	}
	for _, m := range q.Messages {
		for _, kind := range []string{"tool_use", "tool_result", "document", "thinking"} {
			if bytes.Contains(m.Content, []byte(`"type":"`+kind+`"`)) {
				out = append(out, kind)
			}
		}
		if bytes.Contains(m.Content, []byte(`"type":"url"`)) {
			out = append(out, "remote image")
		}
	}
	return out
}

func onlyHi(messages []message) bool {
	if len(messages) != 1 {
		return false
	}
	var text string
	var blocks []struct{ Text string }
	if json.Unmarshal(messages[0].Content, &text) != nil && json.Unmarshal(messages[0].Content, &blocks) == nil && len(blocks) == 1 {
		text = blocks[0].Text
	}
	return text == "Hi"
}

func reject(w http.ResponseWriter, status int, why string) {
	quoted, _ := json.Marshal(why)
	writeJSON(w, status, `{"error":{"message":`+string(quoted)+`,"type":"json_rejection"}}`)
}

func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// bare is the stream of the OpenAI-like routes: no id, no finish reason, no end.
func bare(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n")
}

// compressed answers with gzip where the client offers it, with headers copied from the
// API behind.
func compressed(w http.ResponseWriter, r *http.Request, body string) {
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && !strings.Contains(body, "always") {
		writeJSON(w, http.StatusOK, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	fmt.Fprint(z, body)
	z.Close()
}

// pause waits a moment, or until the double ends.
func (d *Double) pause(wait time.Duration) {
	select {
	case <-d.gone:
	case <-time.After(wait):
	}
}
