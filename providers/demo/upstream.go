package demo

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Upstream is a provider inside the process, reached as an http.RoundTripper. It speaks
// Chat and Messages, streamed and not, and is strict about what it is sent.
type Upstream struct {
	answers atomic.Int64
}

// New makes an upstream.
func New() *Upstream { return &Upstream{} }

// maxRequest bounds what the demo reads.
const maxRequest = 64 << 20

// RoundTrip answers a request.
func (u *Upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, maxRequest)); err != nil {
			return nil, err
		}
	}
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/models"):
		return reply(r, http.StatusOK, "application/json", []byte(models)), nil
	case strings.HasSuffix(path, "/count_tokens"):
		return u.count(r, body), nil
	case strings.HasSuffix(path, "/messages"):
		return u.answer(r, body, messagesWire{})
	case strings.HasSuffix(path, "/chat/completions"):
		return u.answer(r, body, chatWire{})
	}
	return reply(r, http.StatusNotFound, "text/plain", []byte("nothing is served here")), nil
}

const models = `{"object":"list","data":[{"id":"demo","object":"model","created":1767225600,"owned_by":"xjp","name":"Demo","context_length":200000,"top_provider":{"max_completion_tokens":64000}}]}`

// wire is a dialect that the demo speaks.
type wire interface {
	// read takes what the demo must know out of a request; an error names the field.
	read(v scan.Value) (*prompt, error)
	// whole writes an answer, frames the events of a streamed one.
	whole(a *answer) []byte
	frames(a *answer) [][]byte
	// failure writes an error body, failed an error inside a stream.
	failure(status int, message string) []byte
	failed(message string) []byte
}

var errRefused = errors.New("connect: connection refused (the demo was asked for it)")

func (u *Upstream) answer(r *http.Request, body []byte, w wire) (*http.Response, error) {
	v, err := scan.Parse(body)
	if err != nil {
		return reply(r, http.StatusBadRequest, "application/json", w.failure(400, err.Error())), nil
	}
	p, err := w.read(v)
	if err != nil {
		return reply(r, http.StatusBadRequest, "application/json", w.failure(400, err.Error())), nil
	}
	d := readDirective(p.text)
	if h := r.Header.Get("X-Demo"); h != "" {
		d = readDirective("demo: " + h)
	}
	switch d.what {
	case doRefuse:
		return nil, errRefused
	case doStatus:
		res := reply(r, d.status, "application/json", w.failure(d.status, "the demo was asked for this error"))
		if d.wait > 0 {
			res.Header.Set("Retry-After", strconv.Itoa(d.wait))
		}
		return res, nil
	case doContext:
		return reply(r, http.StatusBadRequest, "application/json", w.failure(400, "prompt is too long: 210000 tokens > 200000 maximum")), nil
	case doHTML:
		return reply(r, http.StatusOK, "text/html", []byte("<html><body>a page of some proxy</body></html>")), nil
	case doEmpty:
		return reply(r, http.StatusOK, "application/json", nil), nil
	}
	a := compose(p, d, u.answers.Add(1))
	if p.stream {
		return stream(r, newBody(r.Context(), w, a, d)), nil
	}
	return u.wholeAnswer(r, w, a, d), nil
}

// wholeAnswer is an answer that is not streamed, broken as the directive asks.
func (u *Upstream) wholeAnswer(r *http.Request, w wire, a *answer, d directive) *http.Response {
	out := w.whole(a)
	switch d.what {
	case doError:
		out = w.failure(500, "the demo was asked for this error")
	case doGarbage:
		out = []byte(`{"choices":[{"mess`)
	case doEnd:
		out = out[:len(out)/2]
	case doCut:
		res := stream(r, &body{ctx: r.Context(), frames: [][]byte{out[:len(out)/2]}, fault: doCut})
		res.Header.Set("Content-Type", "application/json")
		return res
	case doStall:
		return stream(r, &body{ctx: r.Context(), fault: doStall})
	}
	return reply(r, http.StatusOK, "application/json", out)
}

func (u *Upstream) count(r *http.Request, body []byte) *http.Response {
	v, err := scan.Parse(body)
	if err != nil {
		return reply(r, http.StatusBadRequest, "application/json", messagesWire{}.failure(400, err.Error()))
	}
	w := emit.Writer{}
	w.Object()
	w.KeyInt("input_tokens", tokens(string(v.Raw())))
	w.EndObject()
	return reply(r, http.StatusOK, "application/json", w.B)
}

func reply(r *http.Request, status int, contentType string, body []byte) *http.Response {
	res := stream(r, io.NopCloser(strings.NewReader(string(body))))
	res.StatusCode, res.Status = status, strconv.Itoa(status)+" "+http.StatusText(status)
	res.Header.Set("Content-Type", contentType)
	res.ContentLength = int64(len(body))
	return res
}

func stream(r *http.Request, body io.ReadCloser) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body, ContentLength: -1, Request: r,
	}
}

// tokens counts a text roughly.
func tokens(s string) int64 { return int64(len(s)+3) / 4 }
