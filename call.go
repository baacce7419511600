package xjpgateway

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// call is one request to the gateway and all that is known of it.
type call struct {
	endpoint
	h *Handler
	s *snapshot
	w http.ResponseWriter
	r *http.Request

	id      string // as clients see it
	started time.Time

	key     *keys.Principal
	account account
	body    []byte
	held    int64 // bytes taken from the allowance
	doc     *scan.Doc
	ask     peeked
	model   string // the logical name, without variants
	match   registry.Match
	needed  translate.Needs // once it was looked for them
	looked  bool
	req     *translate.Request // nil until a route needs it decoded
	lost    translate.Losses   // losses of decoding
	x       translate.Exchange

	down        *downstream        // the streamed answer, nil for others
	run         *idempotency.Run   // has the answer recorded, nil where it is not
	capture     *capture.Recording // of the bodies, nil where they are not kept
	headersSent bool
	outcome     outcome
	facts       atomic.Pointer[facts] // for other handlers
}

// outcome is what settle reports.
type outcome struct {
	status   int
	err      *translate.Error
	route    *route
	model    string // the provider's name of the model
	attempts int
	usage    translate.Usage
	stop     string
	first    time.Duration
	streamed bool
	gone     bool // the client went away
	passed   bool
	wire     string // the dialect spoken to the provider
	replayed bool   // the answer is that of an earlier request
}

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// idPrefix begins the ids of requests.
const idPrefix = "req_"

// newID makes a request id: the prefix, and 24 characters of milliseconds and 72 random bits.
// Ids in the order of time are added at the end of a store's indexes, and not all over them,
// which costs several times as much.
func newID() string {
	var b [16]byte
	var text [len(idPrefix) + 24]byte
	binary.BigEndian.PutUint64(b[:], uint64(time.Now().UnixMilli())<<16)
	rand.Read(b[6:15])
	return string(idEncoding.AppendEncode(append(text[:0], idPrefix...), b[:15]))
}

func (h *Handler) newCall(w http.ResponseWriter, r *http.Request, e endpoint) *call {
	c := &call{endpoint: e, h: h, s: h.app.snapshot.Load(), w: w, r: r, id: newID(), started: time.Now()}
	tellID(w.Header(), c.id)
	h.app.requests.Add(1)
	h.app.metrics.begin()
	c.offerPlaceholders()
	return c
}

// tellID sets the request's id under both names that SDKs know
// (wire-openai-anthropic.md 6.3).
func tellID(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("Request-Id", id)
}

// newExchange begins the exchange of a call, whose answer has the request's id under the
// prefix of its dialect.
func (c *call) newExchange() translate.Exchange {
	return translate.Exchange{ID: c.id[len(idPrefix):], Created: c.started.Unix(), Model: c.ask.model}
}

// release gives back the memory of the request.
func (c *call) release() {
	if c.body != nil {
		putBuffer(c.body)
		c.body = nil
	}
	c.letGoOfDocument()
	if c.held > 0 {
		c.s.runtime.bodies.give(c.held)
		c.held = 0
	}
}

// document is the structure of the request's body, nil if there is none.
func (c *call) document() *scan.Doc {
	if c.doc == nil && len(c.body) > 0 {
		c.doc, _ = parse(c.body, scan.DefaultLimits) // it was valid before
	}
	return c.doc
}

// needs tells what the request asks of a route. The body is looked through once.
func (c *call) needs() *translate.Needs {
	if !c.looked {
		c.needed, c.looked = c.dialect.needs(c.document()), true
	}
	return &c.needed
}

// letGoOfDocument gives the structure back as soon as a request is made of it: while a
// provider is waited for few need it, and the next request finds it in the processor's
// caches.
func (c *call) letGoOfDocument() {
	if c.doc != nil {
		putDoc(c.doc)
		c.doc = nil
	}
}

var docs = sync.Pool{New: func() any { return new(scan.Doc) }}

// putDoc gives a document back without anything that was seen of it: of an upload that
// broke off, the next document would be taken for what that one was.
func putDoc(doc *scan.Doc) {
	doc.Reset()
	docs.Put(doc)
}

// parse validates JSON into a pooled document, which the caller gives back by putDoc.
func parse(body []byte, limits scan.Limits) (*scan.Doc, error) {
	doc := docs.Get().(*scan.Doc)
	if err := doc.Parse(body, limits); err != nil {
		putDoc(doc)
		return nil, err
	}
	return doc, nil
}

// findModel resolves the model that the request names.
func (c *call) findModel() error {
	ask, err := c.dialect.peek(c.document())
	if err != nil {
		return err
	}
	c.ask, c.model = ask, strings.TrimSuffix(ask.model, "[1m]")
	match, ok := c.s.registry.Find(c.model)
	if !ok || !c.h.serves(match.Model, c.model) {
		return c.unknownModel()
	}
	if !c.permits(match.Model, c.model) {
		return &translate.Error{Kind: translate.ErrPermission, Param: "model", Retry: translate.No,
			Message: "this key may not use the model " + quoted(c.model)}
	}
	c.match = match
	if len(match.Model.Routes) == 0 {
		return &translate.Error{Kind: translate.ErrOverloaded, Retry: translate.No,
			Message: "model " + quoted(c.model) + " has no usable route: " + strings.Join(match.Model.Missing, "; ")}
	}
	return nil
}

// unknownModel names models that resemble the one asked for.
func (c *call) unknownModel() error {
	message := "model " + quoted(c.model) + " does not exist"
	near := c.s.registry.Near(c.model, func(m *registry.Model) bool { return c.visible(m, m.Name) })
	if len(near) > 0 {
		message += "; similar models are " + strings.Join(near, ", ")
	}
	return &translate.Error{Kind: translate.ErrModel, Param: "model", Message: message, Retry: translate.No}
}

// visible reports whether the site and the key know a model under a name.
func (c *call) visible(m *registry.Model, name string) bool {
	return c.h.serves(m, name) && c.permits(m, name)
}

// permits reports whether the key may use a model by a name.
func (c *call) permits(m *registry.Model, name string) bool {
	return c.key == nil || c.key.May(m.Name) || c.key.May(name)
}

// maxQuoted bounds what error messages repeat of a client's words.
const maxQuoted = 100

func quoted(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "…"
	}
	return "`" + strings.ToValidUTF8(s, "") + "`"
}

// transportOf gives the transport of a provider.
func transportOf(p interface{ RoundTripper() http.RoundTripper }) http.RoundTripper {
	if t, ok := p.(providers.Transporter); ok {
		return t.Transport()
	}
	return p.RoundTripper()
}
