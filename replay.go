package xjpgateway

import (
	"io"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/idempotency"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// replay gives the client an answer that another request under the same Idempotency-Key was
// given, or is being given. It costs nothing and counts for no limit.
func (c *call) replay(answer *idempotency.Reader) error {
	c.outcome.replayed = true
	flusher := http.NewResponseController(c.w)
	for {
		piece, err := answer.Next(c.r.Context())
		if err != nil && err != io.EOF {
			return c.replayFailed(err)
		}
		if !c.headersSent {
			if err := c.openReplay(answer.Head()); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if _, err = c.w.Write(piece); err == nil {
			err = flusher.Flush()
		}
		if err != nil {
			c.outcome.gone = true
			return nil
		}
	}
}

// openReplay sends status and headers of an answer as they were, and the ids of both
// requests.
func (c *call) openReplay(head idempotency.Answer) error {
	h := c.w.Header()
	if err := setHeaders(h, head.Header); err != nil {
		return err
	}
	h.Set("Idempotent-Replayed", "true")
	h.Set("X-Xjp-Original-Request-Id", head.Request)
	c.publish()
	c.outcome.status, c.outcome.streamed, c.headersSent = head.Status, head.Stream, true
	if !head.Stream {
		c.record()
	}
	c.w.WriteHeader(head.Status)
	return nil
}

// endOfReplay is the end of a request that was given an answer again, which may be an error.
func endOfReplay(end ledger.End, status int) ledger.End {
	if end == ledger.Complete && status >= http.StatusBadRequest {
		return ledger.Refused
	}
	return end
}

// replayFailed tells the client that there will be no more of an answer: the first request
// has failed, or the answer has become too large to be given twice.
func (c *call) replayFailed(cause error) error {
	if c.r.Context().Err() != nil {
		c.outcome.gone = true
		return cause
	}
	if !c.headersSent && cause == idempotency.ErrTooLarge {
		return conflict(idempotency.Unstorable)
	}
	failed := cutShort(cause)
	if !c.headersSent {
		return failed
	}
	c.outcome.err = failed
	if c.outcome.streamed { // what is too short otherwise tells by itself that it is
		c.x = c.newExchange()
		c.w.Write(c.dialect.NewEncoder(&c.x).Encode(nil, &translate.Event{Kind: translate.EventFailed, Err: failed}))
	}
	return nil
}

// cutShort is what a client is told that was given a part of an answer. One that has become
// too large is whole for who asked first: nothing has failed.
func cutShort(cause error) *translate.Error {
	if cause == idempotency.ErrTooLarge {
		return &translate.Error{Kind: translate.ErrConflict, Retry: translate.No,
			Message: "the answer to this Idempotency-Key has outgrown what is kept (max_size) and cannot be shared to its end; send a new one"}
	}
	return &translate.Error{Kind: translate.ErrInterrupted, Message: "the answer to the first request with this Idempotency-Key broke off"}
}
