package xjpgateway

import (
	"net/http"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// generate serves the request by the first route that can. A failure before the header
// point is invisible to the client: the next route is tried.
func (c *call) generate() error {
	if c.dialect.complete != nil {
		if err := c.dialect.complete(c.document()); err != nil {
			return err
		}
	}
	if err := c.reserve(); err != nil {
		return err
	}
	c.x = c.newExchange()
	if c.outcome.streamed = c.ask.stream; c.ask.stream {
		c.down = c.openDownstream()
		defer c.down.close()
	}
	failed := c.follow(c.newPlan())
	if failed == nil {
		return nil
	}
	err := failed.choose()
	c.spareRetries(err.err)
	if answer := err.err.Answer; answer != nil {
		return c.tell(answer)
	}
	if c.down == nil || !c.down.isOpen() {
		return err
	}
	c.failInBand(err)
	return nil
}

// spareRetries asks the client not to repeat what the gateway has repeated already, so
// that its tries and the client's do not multiply (CC23). Limits and overloads tell when to
// come back, and are left to the client.
func (c *call) spareRetries(e *translate.Error) {
	switch e.Kind {
	case translate.ErrUpstream, translate.ErrTimeout, translate.ErrInterrupted:
		if c.outcome.attempts > 1 && e.Retry == translate.Unset {
			e.Retry = translate.No
		}
	}
}

// tell answers with what a failure says in the form of an answer, whose prompt is paid for
// (provider-gemini-vertex.md 4.3).
func (c *call) tell(r *translate.Response) error {
	c.outcome.usage, c.outcome.stop = r.Usage, r.Choices[0].Stop.Native
	if c.down == nil {
		c.writeJSON(http.StatusOK, c.dialect.EncodeResponse(nil, r, &c.x))
		return nil
	}
	c.record()
	encoder := c.dialect.NewEncoder(&c.x)
	var out []byte
	for _, e := range r.Events(nil) {
		out = encoder.Encode(out, &e)
	}
	c.down.write(out)
	return nil
}

// failInBand tells a client whose stream has begun that no route could serve it, which may
// be for its own having gone.
func (c *call) failInBand(f *failure) {
	c.outcome.err = f.err
	if c.r.Context().Err() != nil {
		c.outcome.gone = true
		return
	}
	c.record()
	encoder := c.dialect.NewEncoder(&c.x)
	c.down.write(encoder.Encode(nil, &translate.Event{Kind: translate.EventFailed, Err: f.err}))
}

// failure is an attempt that did not serve the request.
type failure struct {
	err     *translate.Error
	verdict providers.Verdict
	// cause is why no answer came, nil if one came.
	cause error
	// raw is the provider's own answer, for clients of its dialect; nil if there is none.
	raw *rawAnswer
	// route is the route that failed, window the size of its context in tokens, if known.
	route  *registry.Route
	window int64
	// called says that the provider was called.
	called bool
}

// rawAnswer is an error answer of a provider as it came.
type rawAnswer struct {
	status      int
	contentType string
	body        []byte
}

// Error gives the message for the client.
func (f *failure) Error() string { return f.err.Message }

// failures are the attempts that failed, in order.
type failures []*failure

// choose picks the one failure that the client is told: a request that is wrong in
// itself, else a rate limit, a missing model, any other failure of a provider, and only
// then a route that could not carry the request (CC18). A list of attempts would only
// hide the words that clients look for.
func (list failures) choose() *failure {
	best, rank := list[0], 9
	for _, f := range list {
		if r := f.rank(); r < rank {
			best, rank = f, r
		}
	}
	if best.err.RetryAfter == 0 && rank == 1 {
		best.err.RetryAfter = time.Second
	}
	return best
}

func (f *failure) rank() int {
	switch f.err.Kind {
	case translate.ErrUpstreamLimit:
		return 1
	case translate.ErrModel, translate.ErrNotFound:
		return 2
	case translate.ErrOverloaded:
		return 3
	case translate.ErrUpstream, translate.ErrTimeout, translate.ErrInterrupted, translate.ErrUpstreamAuth:
		return 4
	}
	if f.verdict.Action == providers.Fail {
		return 0
	}
	return 5
}
