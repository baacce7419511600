package native

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// pausing is a Chat provider that pauses after the first piece and before the end.
func pausing(t *testing.T, pause time.Duration) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, content(r))
		for _, piece := range []string{
			frames("", `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" there"}}]}`),
			frames("", `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":`+chatUsage+`}`, `[DONE]`),
		} {
			w.(http.Flusher).Flush()
			time.Sleep(pause)
			io.WriteString(w, piece)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestStreamsThroughCaddy sends streams through Caddy's other handlers, over HTTP/1.1 and
// HTTP/2, with silences that are longer than the server's idle limit for writing.
func TestStreamsThroughCaddy(t *testing.T) {
	const pause = 1400 * time.Millisecond
	s := start(t, "\tservers {\n\t\tprotocols h1 h2c\n\t\ttimeouts {\n\t\t\twrite_idle 1s\n\t\t}\n\t}\n\txjp {\n\t\tprovider slow openai {\n\t\t\tbase_url "+pausing(t, pause)+"\n\t\t}\n\t\tkey "+key+"\n\t}\n",
		"\tencode gzip\n\ttracing\n"+loggingSite+"\tintercept {\n\t\t@failed status 599\n\t\thandle_response @failed {\n\t\t\trespond failed\n\t\t}\n\t}\n")
	for _, test := range []struct{ name, path, protocol, encoding string }{
		{"check 21: Chat over HTTP/1.1", chat, "HTTP/1.1", "identity"},
		{"Messages over HTTP/1.1, compressed", messages, "HTTP/1.1", "gzip"},
		{"Messages over HTTP/2", messages, "HTTP/2.0", "identity"},
		{"Chat over HTTP/2, compressed", chat, "HTTP/2.0", "gzip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			transport := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols)}
			transport.Protocols.SetHTTP1(test.protocol == "HTTP/1.1")
			transport.Protocols.SetUnencryptedHTTP2(test.protocol == "HTTP/2.0")
			defer transport.CloseIdleConnections()
			r := s.request(http.MethodPost, test.path, ask(test.path, "up", "hi", true))
			r.Header.Set("Accept-Encoding", test.encoding)
			began := time.Now()
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body := io.Reader(res.Body)
			if test.encoding == "gzip" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			if res.Proto != test.protocol || res.Header.Get("Incremental") != "?1" || (res.Header.Get("Content-Encoding") == "gzip") != (test.encoding == "gzip") {
				t.Errorf("%s %v", res.Proto, res.Header)
			}
			lines := bufio.NewReader(body)
			var text strings.Builder
			for !strings.Contains(text.String(), "hi") {
				line, err := lines.ReadString('\n')
				if text.WriteString(line); err != nil {
					t.Fatalf("%v after %s", err, text.String())
				}
			}
			if waited := time.Since(began); waited >= pause {
				t.Errorf("the first token came after %v", waited)
			}
			rest, err := io.ReadAll(lines)
			text.Write(rest)
			if lacks := whole(test.path, text.String()); err != nil || lacks != "" || !strings.Contains(text.String(), " there") {
				t.Errorf("%v, lacks %s in %s", err, lacks, text.String())
			}
		})
	}
}
