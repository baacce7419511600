package xjpgateway

import (
	"math/rand/v2"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/capture"
)

// sample begins to capture the bodies of a request, if its key asks for it and chance will
// have it. A request of any other key costs no more than to look at that.
func (c *call) sample() {
	if c.key == nil || c.key.Capture == nil || c.op != opGenerate {
		return
	}
	recorder := c.s.accounts.captures
	if recorder == nil || !c.key.Capture.Picks(c.started, rand.Float64()) {
		return
	}
	c.capture = recorder.get().Begin()
	c.w = &tee{ResponseWriter: c.w, to: c.capture}
}

// endCapture hands the bodies over, once all that the client is told has been written.
func (c *call) endCapture() {
	if c.capture != nil {
		c.capture.End(capture.Capture{ID: c.id, Time: c.started, Tenant: c.tenant(), Key: c.keyID()}, c.body)
	}
}

// tee hands what the client has been sent to a capture as well. What could not be sent is
// none of it, other than for the recorder of an answer that others may wait for.
type tee struct {
	http.ResponseWriter
	to *capture.Recording
}

// Write sends a piece of the body.
func (w *tee) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.to.Write(p[:n])
	return n, err
}

// Unwrap gives the writer to those who flush it and set its deadlines.
func (w *tee) Unwrap() http.ResponseWriter { return w.ResponseWriter }
