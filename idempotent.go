package xjpgateway

import (
	"errors"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// once serves a request, or gives one that was sent before under the same Idempotency-Key
// the answer that it was given then.
func (c *call) once() error {
	desk, values := c.s.accounts.desk, c.r.Header.Values("Idempotency-Key")
	if desk == nil || len(values) == 0 {
		return c.generate()
	}
	key, err := oneKey(values)
	if err != nil {
		return translate.Invalid("idempotency-key", err.Error())
	}
	turn, err := desk.Begin(c.r.Context(), c.idempotencyID(key), c.fingerprint(), c.id)
	if err != nil {
		return err // the client has gone
	}
	c.h.app.metrics.idempotent.WithLabelValues(stateWords[turn.State]).Inc()
	switch turn.State {
	case idempotency.Fresh:
		c.keep(turn.Run)
		return c.generate()
	case idempotency.Answered:
		defer turn.Answer.Close()
		return c.replay(turn.Answer)
	}
	return conflict(turn.State)
}

// errManyKeys is an Idempotency-Key beside others, of which any could be meant.
var errManyKeys = errors.New("the Idempotency-Key is sent more than once; send one with each request")

// oneKey is the Idempotency-Key among the values of its header.
func oneKey(values []string) (string, error) {
	if len(values) > 1 {
		return "", errManyKeys
	}
	return values[0], idempotency.CheckKey(values[0])
}

// stateWords are the states of requests as metrics have them.
var stateWords = map[idempotency.State]string{
	idempotency.Fresh: "fresh", idempotency.Running: "running", idempotency.Answered: "answered",
	idempotency.Different: "different", idempotency.Unstorable: "unstorable",
}

// idempotencyID names the request. Keys of clients do not meet, nor do the endpoints.
func (c *call) idempotencyID(key string) idempotency.ID {
	return idempotency.NewID(c.clientName(), c.dialect.Inbound.Name()+"/"+c.endpointName(), key)
}

// clientName tells clients apart: by their keys, or on a site with `auth off` by whom another
// authentication of Caddy has let in. No key is without a tenant, so the two do not meet.
func (c *call) clientName() string {
	if c.key != nil {
		return c.key.Tenant + separator + c.key.ID
	}
	user := ""
	if repl, ok := c.r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		user, _ = repl.GetString("http.auth.user.id")
	}
	return separator + separator + user
}

// meaningful are the headers that change what a body means.
var meaningful = [...]string{"Anthropic-Version", "Anthropic-Beta"}

// fingerprint is what a request under the same key must have in common with the first.
func (c *call) fingerprint() [32]byte {
	parts := [][]byte{c.body}
	for _, name := range meaningful {
		for _, value := range c.r.Header.Values(name) {
			parts = append(parts, []byte(name+": "+value))
		}
	}
	return idempotency.Fingerprint(parts...)
}

// conflict is what a request is told that can be given no answer under its key
// (decisions.md, "idempotency conflicts").
func conflict(state idempotency.State) error {
	switch state {
	case idempotency.Different:
		return &translate.Error{Kind: translate.ErrKeyReused, Param: "idempotency-key", Retry: translate.No,
			Message: "this Idempotency-Key was sent with another request before; send a new one with each request"}
	case idempotency.Running:
		return &translate.Error{Kind: translate.ErrConflict, RetryAfter: time.Second, Retry: translate.Yes,
			Message: "a request with this Idempotency-Key is being answered; try again in a moment"}
	}
	return &translate.Error{Kind: translate.ErrConflict, Retry: translate.No,
		Message: "the answer to this Idempotency-Key was too large to be kept; send a new one"}
}

// keep has the answer to come recorded. From here on the request is under way for as long
// as anybody waits for its answer.
func (c *call) keep(run *idempotency.Run) {
	c.run, c.w, c.r = run, &recorder{ResponseWriter: c.w, run: run}, c.r.WithContext(run.Context())
}

// errBroken is an answer that ended before it was whole.
var errBroken = errors.New("the answer broke off")

// finishRun ends the recording of an answer that the client has been told to its end.
func (c *call) finishRun() {
	switch {
	case c.run == nil:
	case c.outcome.gone:
		c.run.Abandon(errBroken)
	case c.isFinal():
		c.run.Finish()
	default:
		c.run.Abandon(nil)
	}
}

// abandonRun ends the recording of an answer that came to no good end.
func (c *call) abandonRun() {
	if c.run != nil {
		c.run.Abandon(errBroken)
	}
}

// isFinal reports whether the same request would be answered alike: an answer, or an error
// about the request itself. Limits, failures and what an operator can mend may have passed by
// the next time.
func (c *call) isFinal() bool {
	e := c.outcome.err
	if e == nil {
		return true
	}
	final := []translate.ErrorKind{translate.ErrInvalid, translate.ErrContext, translate.ErrTooLarge, translate.ErrContent}
	return slices.Contains(final, e.Kind) && (c.down == nil || !c.down.isOpen())
}
