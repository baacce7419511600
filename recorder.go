package xjpgateway

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"net/textproto"
	"slices"

	"github.com/rickyjim626/xjp-gateway/idempotency"
)

// recorder hands what the client is told to a run as well. A client that has gone is no
// failure as long as others wait for the answer.
type recorder struct {
	http.ResponseWriter
	run *idempotency.Run
}

// WriteHeader sends status and headers.
func (w *recorder) WriteHeader(status int) {
	if status >= http.StatusOK {
		h := w.Header()
		w.run.Open(idempotency.Answer{Status: status, Header: keptHeaders(h), Stream: isStream(h)})
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a piece of the body.
func (w *recorder) Write(p []byte) (int, error) {
	w.run.Write(p)
	n, err := w.ResponseWriter.Write(p)
	if err != nil && w.run.Followed() {
		return len(p), nil
	}
	return n, err
}

// FlushError sends what is buffered.
func (w *recorder) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if err != nil && w.run.Followed() {
		return nil
	}
	return err
}

// Unwrap gives the writer to those who set its deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answerHeaders belong to an answer, and are given again with it.
var answerHeaders = [...]string{"Content-Type", "Content-Length", "Cache-Control", "X-Accel-Buffering", "Incremental",
	"Retry-After", "Retry-After-Ms", "X-Should-Retry"}

func isStream(h http.Header) bool { return h.Get("Incremental") != "" }

// keptHeaders writes the headers of an answer as HTTP/1.1 does.
func keptHeaders(h http.Header) []byte {
	kept := http.Header{}
	for _, name := range answerHeaders {
		if values := h.Values(name); len(values) > 0 {
			kept[name] = values
		}
	}
	var b bytes.Buffer
	_ = kept.Write(&b) // into memory
	return b.Bytes()
}

// setHeaders reads them.
func setHeaders(h http.Header, kept []byte) error {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(slices.Clip(kept), "\r\n"...))))
	read, err := r.ReadMIMEHeader()
	maps.Copy(h, http.Header(read))
	return err
}
