package xjpgateway

import (
	"net/http"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// newReader reads the events of the attempt's response.
func (a *attempt) newReader() *sse.Reader {
	return sse.NewReader(&watched{a.response.Body, a.patience}, a.c.s.maxEvent)
}

// decoder makes the decoder of a translated stream.
func (a *attempt) decoder() translate.Decoder {
	wire := outbound(a.target.route.Wire)
	decoder := wire.NewDecoder(&a.c.x)
	replayer, ok := wire.(translate.Replayer)
	if a.joined = nil; !ok || a.c.req == nil || !mayPause(a.c.req) {
		return decoder
	}
	a.joined = translate.NewContinued(decoder, replayer.NewReplay())
	return a.joined
}

// mayPause reports whether the answer may pause: providers pause while tools of their own
// run, which clients of another dialect cannot ask to be continued (trap 50).
func mayPause(r *translate.Request) bool { return r.WebSearch != nil }

// paused reports whether the provider has paused the answer.
func (a *attempt) paused() bool { return a.joined != nil && a.joined.Paused() }

// goOn asks the provider to continue the answer that it has paused. It is a call of its
// own, with its own span, but the same try: what was said stands already.
func (a *attempt) goOn() *failure {
	if a.original == nil {
		a.original = a.body.bytes(nil)
	}
	a.body.end()
	a.response.Body.Close()
	a.patience.stop()
	a.endSpan()
	body := a.joined.Continue(outbound(a.target.route.Wire).NewDecoder(&a.c.x), a.original)
	if a.rewrites() {
		a.call.Body = body
	}
	a.c.outcome.attempts++
	if f := a.send(newSegments(body)); f != nil {
		return f
	}
	if a.response.StatusCode != http.StatusOK {
		return a.refused()
	}
	a.patience.gotContent()
	return nil
}

// brokeOff ends a stream whose continuation failed: in-band if the client has content, as
// any other failure if it has none.
func (a *attempt) brokeOff(f *failure, pass translate.Pass, out []byte, content bool) *failure {
	if !content {
		return f
	}
	a.c.outcome.err, a.broke = f.err, f
	a.c.record()
	if !a.c.down.write(pass.Fail(out, f.err)) {
		a.c.outcome.gone = true
	}
	return nil
}
