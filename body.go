package xjpgateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/quic-go/quic-go/http3"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// readBody reads the whole request body and validates it as JSON. It is read to its
// end before anything else happens: only then does HTTP/1.1 notice that the client
// has gone, and only a buffer of our own can be sent twice (performance.md).
func (c *call) readBody() error {
	if err := checkContentType(c.r.Header.Get("Content-Type")); err != nil {
		return err
	}
	if err := c.hold(c.expectedSize()); err != nil {
		return err
	}
	src, err := decompressed(c.r)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := c.fill(src); err != nil {
		return err
	}
	if err := c.doc.Parse(c.body, scan.DefaultLimits); err != nil {
		return malformed(err)
	}
	if !c.doc.IsASCII() && !utf8.Valid(c.body) {
		return malformed(&scan.SyntaxError{Offset: invalidUTF8(c.body), Reason: "invalid UTF-8"})
	}
	var f translate.Fields
	if !f.NeedKind(c.doc.Root(), scan.Object, translate.Top(), "") {
		return translate.Invalid("", "the body "+f.Err.Message)
	}
	if key := c.doc.Root().Repeated("model", "stream", "max_tokens"); key != "" { // decisions.md, "JSON limits"
		return translate.Invalid(key, key+" must not be given more than once")
	}
	return nil
}

// invalidUTF8 finds the first byte of a body that is no UTF-8, which JSON must be
// (RFC 8259, 8.1).
func invalidUTF8(body []byte) int {
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(body)
}

// checkContentType accepts JSON under any of its names, and no name at all.
func checkContentType(header string) error {
	if header == "" {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(header)
	if err == nil && (mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")) {
		return nil
	}
	return translate.Invalid("content-type", "the Content-Type must be application/json, not "+quoted(header))
}

// expectedSize is how much to reserve before the body is read.
func (c *call) expectedSize() int64 {
	if n := c.r.ContentLength; n > 0 && c.r.Header.Get("Content-Encoding") == "" {
		return n
	}
	return 64 << 10
}

// hold takes bytes from the allowance for bodies in flight.
func (c *call) hold(n int64) error {
	if c.r.ContentLength > c.s.maxBody {
		return c.tooLarge()
	}
	if !c.s.runtime.bodies.take(n) {
		return &translate.Error{Kind: translate.ErrOverloaded, RetryAfter: time.Second,
			Message: "the gateway holds too many request bodies at the moment"}
	}
	c.held += n
	return nil
}

func (c *call) tooLarge() error {
	return &translate.Error{Kind: translate.ErrTooLarge, Retry: translate.No,
		Message: fmt.Sprintf("the request body is larger than %d bytes", c.s.maxBody)}
}

// maxRead is how much of a body is read at a time: no more than stays in the
// processor's caches until the document has looked at it.
const maxRead = 128 << 10

// fill reads src into the call's buffer, which grows under the allowance.
func (c *call) fill(src io.Reader) error {
	c.body = getBuffer(int(c.held) + 1)
	c.doc = docs.Get().(*scan.Doc)
	for {
		if len(c.body) == cap(c.body) {
			if err := c.hold(int64(cap(c.body))); err != nil {
				return err
			}
			grown := append(getBuffer(2*cap(c.body)), c.body...)
			putBuffer(c.body)
			c.body = grown
		}
		n, err := src.Read(c.body[len(c.body):min(cap(c.body), len(c.body)+maxRead)])
		c.body = c.body[:len(c.body)+n]
		c.doc.Look(c.body)
		if int64(len(c.body)) > c.s.maxBody {
			return c.tooLarge()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return c.readFailed(err)
		}
	}
}

// readFailed tells what went wrong with the client's upload.
func (c *call) readFailed(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &translate.Error{Kind: translate.ErrTooLarge, Retry: translate.No,
			Message: fmt.Sprintf("the request body is larger than %d bytes", tooLarge.Limit)}
	case errors.Is(err, errRatio):
		return &translate.Error{Kind: translate.ErrTooLarge, Retry: translate.No, Message: errRatio.Error()}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &translate.Error{Kind: translate.ErrSlow, Message: "the request body did not arrive in time"}
	case c.r.Context().Err() != nil, isReset(err):
		c.outcome.gone = true
	}
	return translate.Invalid("", "the request body could not be read to its end")
}

// isReset reports whether an HTTP/3 client has given up its upload: a read may tell of that
// before the request's context does.
func isReset(err error) bool {
	var e *http3.Error
	return errors.As(err, &e) && e.Remote
}

// malformed says where a body stops being JSON or which limit it exceeds.
func malformed(err error) error {
	return translate.Invalid("", "the body is not acceptable: "+err.Error())
}

// maxRatio bounds how much larger a body may become by decompression, beyond the
// first ratioFloor bytes.
const (
	maxRatio   = 100
	ratioFloor = 1 << 20
)

var errRatio = errors.New("the request body is compressed suspiciously well")

// decompressed undoes the request's Content-Encoding.
func decompressed(r *http.Request) (io.ReadCloser, error) {
	raw := &countingReader{src: r.Body}
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return io.NopCloser(r.Body), nil
	case "gzip", "x-gzip":
		zr, err := gzip.NewReader(raw)
		if err != nil {
			return nil, translate.Invalid("content-encoding", "the body is not gzip as its Content-Encoding says")
		}
		return &guardedReader{src: zr, raw: raw, close: zr.Close}, nil
	case "zstd":
		zr, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, translate.Invalid("content-encoding", "the body is not zstd as its Content-Encoding says")
		}
		return &guardedReader{src: zr, raw: raw, close: func() error { zr.Close(); return nil }}, nil
	default:
		return nil, translate.Invalid("content-encoding", "the Content-Encoding "+quoted(encoding)+" is not supported; gzip and zstd are")
	}
}

// countingReader counts what has been read.
type countingReader struct {
	src io.Reader
	n   int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.n += int64(n)
	return n, err
}

// guardedReader stops a decompression that makes too much of too little.
type guardedReader struct {
	src   io.Reader
	raw   *countingReader
	n     int64
	close func() error
}

func (r *guardedReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	r.n += int64(n)
	if r.n > ratioFloor && r.n > maxRatio*r.raw.n {
		return n, errRatio
	}
	return n, err
}

// Close ends the decompression.
func (r *guardedReader) Close() error { return r.close() }
