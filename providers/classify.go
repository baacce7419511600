package providers

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// ownFault is what a client is told when the gateway's own credential or balance is at
// fault: nothing of the provider's words (CC19).
const ownFault = "the provider refused the gateway's own credential"

// Classify is the verdict that all kinds share: the fault of a credential is ours, a
// time to wait is taken from the headers, a web page or a redirect is no answer.
// Kinds call it first and correct what they know better.
func Classify(a *Answer, e *translate.Error) Verdict {
	if wait := RetryAfter(a.Header, time.Now()); wait > 0 {
		e.RetryAfter = wait
	}
	e.RetryAfter = Bounded(e.RetryAfter)
	switch {
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusPaymentRequired:
		e.Kind = translate.ErrUpstreamAuth
	case a.Status == http.StatusForbidden && isPage(a.Body): // a firewall's, which knows no keys
		e.Kind = translate.ErrUpstream
		e.Retell()
	case a.Status >= 300 && a.Status < 400, a.Status == http.StatusNoContent:
		e.Kind = translate.ErrUpstream
		e.Message = "the provider sent no answer"
	}
	if e.Kind == translate.ErrUpstreamAuth {
		OwnFault(e)
	}
	v := amend(Judge(e), a, e)
	if inVain(v, e) {
		e.Retry = translate.No
	}
	return v
}

// inVain reports whether the client would repeat its request in vain: nothing changes
// before an operator acts, whatever the status makes its SDK believe (6.3).
func inVain(v Verdict, e *translate.Error) bool {
	return v.Action == Next && !v.Transient && e.Kind != translate.ErrTimeout
}

// amend corrects a verdict by what the kind of the error does not tell.
func amend(v Verdict, a *Answer, e *translate.Error) Verdict {
	switch {
	case e.Type == "tool_use_failed": // the model's slip, which it may not make again (Groq)
		v.Repeat()
	case e.Kind == translate.ErrUpstream && misplaced(a.Status):
		v.Transient, v.Alarm = false, true
	case e.Kind == translate.ErrUpstreamLimit && strings.HasPrefix(e.Upstream, "Request too large"):
		v = Verdict{Action: Next} // above the limit of a whole minute: in vain here, however often
	}
	if a.Header.Get("X-Should-Retry") == "false" && v.Transient { // wire-openai-anthropic.md 6.3
		v.Transient = false
		v.Action = Next
	}
	return v
}

// misplaced reports whether a status says that the call itself went wrong, and not what it
// asked for: most often the provider's base_url, its country or a firewall. The next call
// would end alike.
func misplaced(status int) bool {
	switch status {
	case http.StatusConflict, http.StatusLocked, http.StatusFailedDependency, http.StatusTooEarly:
		return false
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return true
	}
	return status >= 300 && status < 500
}

// isPage reports whether a body is a web page.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

// OwnFault makes e an error about the gateway's own credential, with the provider's
// words kept for the log only.
func OwnFault(e *translate.Error) {
	if e.Upstream == "" {
		e.Upstream = e.Message
	}
	e.Kind, e.Message, e.Code, e.Param = translate.ErrUpstreamAuth, ownFault, "", ""
}
