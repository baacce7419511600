package xjpgateway

import (
	"context"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/recall"
	"github.com/rickyjim626/xjp-gateway/translate"
)

// relay serves the client with a provider's answer of status 200, in the form that it
// has: a stream, or a whole document.
func (a *attempt) relay() *failure {
	mediaType := a.mediaType()
	switch {
	case mediaType == webPage:
		return a.fail(translate.ErrUpstream, "the provider answered with a web page")
	case mediaType == "text/event-stream", a.stream && !strings.HasSuffix(mediaType, "json"):
		if a.c.ask.stream {
			return a.relayStream()
		}
		return a.gather()
	}
	return a.relayWhole()
}

// webPage is the type of what stands in the place of a provider, and is none of its answers.
const webPage = "text/html"

// mediaType is the type of a provider's answer, "" if there is none.
func (a *attempt) mediaType() string {
	if a.response == nil {
		return ""
	}
	mediaType, _, _ := mime.ParseMediaType(a.response.Header.Get("Content-Type"))
	return mediaType
}

// carry makes what carries a stream to the client.
func (a *attempt) carry() (translate.Pass, *recall.Observer) {
	x := &a.c.x
	if a.pass {
		return a.c.dialect.NewPass(x), nil
	}
	observer := a.c.s.runtime.recall.Observe(a.c.principal())
	return translate.NewConversion(a.decoder(), a.c.dialect.NewEncoder(x), observer.Event), observer
}

// maxHeldBack bounds, in bytes, what a stream may say before its first content. It is held
// back until then, as another route may still take over: to send it on instead would be
// the client's second beginning, should that happen.
const maxHeldBack = 1 << 20

// heldBack counts what comes before the first content of a stream.
type heldBack int

// take adds a record, and reports whether the bound was passed before it, so that even the
// largest first record of content is none too many.
func (h *heldBack) take(record []byte) bool {
	if *h > maxHeldBack {
		return false
	}
	*h += heldBack(len(record))
	return true
}

// wordy is a stream that goes on and on without content.
func (a *attempt) wordy() *failure {
	return a.fail(translate.ErrUpstream, "the provider's stream began without any content")
}

// relayStream carries a stream to the client: it reads what the provider has, converts
// it, and writes and flushes once before it reads again. Until the first content nothing
// is written, so that a failure can still go to another route (the content point).
func (a *attempt) relayStream() *failure {
	pass, observer := a.carry()
	reader := a.newReader()
	defer func() { reader.Release() }()
	out := getBuffer(0)
	defer func() { putBuffer(out) }()

	content := false
	var held heldBack
	for {
		var seen translate.Seen
		event, err := reader.Next()
		if !content && !held.take(event.Raw) {
			return a.wordy()
		}
		switch {
		case err != nil && a.c.r.Context().Err() != nil && content:
			a.c.outcome.gone = true // nobody is there to be told
			return nil
		case err != nil:
			out, seen = pass.Close(out, a.streamEnd(err))
		case a.pass && event.Comment && !content:
			continue
		case event.Data == nil && (!a.pass || !event.Comment || event.Cut):
			continue // the beginning of a line that broke off would swallow what follows it
		default:
			out, seen = pass.Record(out, event.Name, event.Data, event.Raw)
		}
		a.c.see(a, &seen)
		if seen.Content {
			a.heard.add(event.Raw)
			a.heard.images += int64(seen.Images)
		}
		if seen.Content && !content {
			content = true
			a.gotContent()
		}
		if seen.Err != nil && !content {
			return a.streamFailed(seen.Err, err, event.Data)
		}
		if a.paused() {
			if f := a.goOn(); f != nil {
				return a.brokeOff(f, pass, out, content)
			}
			reader.Release()
			reader = a.newReader()
			continue
		}
		if err != nil || seen.Done || seen.Err != nil {
			return a.finish(out, &seen, event.Data, observer)
		}
		if content && len(out) > 0 && !reader.Buffered() {
			if !a.c.down.write(out) {
				a.cancel(errClientGone)
				a.c.outcome.gone = true
				return nil
			}
			out = out[:0]
		}
	}
}

// finish sends the last frames of a stream. last is the record that ended it.
func (a *attempt) finish(out []byte, seen *translate.Seen, last []byte, observer *recall.Observer) *failure {
	if seen.Err != nil {
		out = a.scrub(out)
	}
	a.c.outcome.err = seen.Err
	a.c.record()
	if !a.c.down.write(out) {
		a.c.outcome.gone = true
	}
	if seen.Err != nil {
		if !a.endedByShutdown() {
			a.broke = a.judge(seen.Err, last)
		}
		return nil
	}
	observer.Commit()
	return nil
}

// streamEnd tells what the end of a body means: nil for its clean end.
func (a *attempt) streamEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	return err
}

// streamFailed is a stream that failed before its first content, as if it had been a
// status (pain 8). last is the record that told it, for what only the provider reads.
func (a *attempt) streamFailed(e *translate.Error, cause error, last []byte) *failure {
	if a.ctx.Err() != nil {
		return a.ended(context.Cause(a.ctx))
	}
	if cause != nil && e.Upstream == "" && cause != io.EOF {
		e.Upstream = cause.Error()
	}
	return a.judge(e, last)
}

// see notes what a record says for the log, the metrics and the limits.
func (c *call) see(a *attempt, seen *translate.Seen) {
	if seen.Content && c.outcome.first == 0 {
		c.outcome.first = time.Since(c.started)
	}
	if seen.Usage != nil {
		c.outcome.usage = *seen.Usage
		c.outcome.usage.Raw = nil
		if c.s.accounts.ledger != nil {
			a.noteUsage(seen.Usage.Raw)
		}
	}
	if a.answerID == "" {
		a.answerID = seen.ID
	}
	if seen.Stop != nil {
		c.outcome.stop = seen.Stop.Native
	}
}

// gather folds a stream into the whole answer that the client asked for.
func (a *attempt) gather() *failure {
	decoder := a.decoder()
	reader := a.newReader()
	defer func() { reader.Release() }()
	fold := translate.NewFold(&a.c.x)
	var events []translate.Event
	var last []byte
	content := false
	var held heldBack
	for {
		event, err := reader.Next()
		if !content && !held.take(event.Raw) {
			return a.wordy()
		}
		last = event.Data
		if err != nil {
			events = decoder.Close(a.streamEnd(err), events[:0])
		} else if event.Data != nil {
			events = decoder.Decode(event.Name, event.Data, events[:0])
		} else {
			continue
		}
		done := err != nil
		for i := range events {
			fold.Add(&events[i])
			if events[i].IsContent() {
				content = true
				a.gotContent()
				a.heard.add(event.Raw)
			}
			if events[i].IsImage() {
				a.heard.images++
			}
			done = done || events[i].Kind == translate.EventDone || events[i].Kind == translate.EventFailed
		}
		if done {
			break
		}
		if a.paused() {
			if f := a.goOn(); f != nil {
				return f
			}
			reader.Release()
			reader = a.newReader()
		}
	}
	response, e := fold.Response()
	if e != nil {
		return a.streamFailed(e, nil, last)
	}
	return a.answerWhole(response)
}

// note tells metrics and log of a failed attempt.
func (c *call) note(a *attempt, f *failure) {
	c.h.app.metrics.upstreamError(a, f.err)
	c.logFailure(a, f)
}
