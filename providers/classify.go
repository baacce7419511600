package providers

import (
	"net/http"
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
	switch {
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden && e.Kind != translate.ErrContent:
		e.Kind = translate.ErrUpstreamAuth
	case a.Status == http.StatusPaymentRequired:
		e.Kind = translate.ErrUpstreamAuth
	case a.Status >= 300 && a.Status < 400, a.Status == http.StatusNoContent:
		e.Kind = translate.ErrUpstream
		e.Message = "the provider sent no answer"
	}
	if e.Kind == translate.ErrUpstreamAuth {
		OwnFault(e)
	}
	return Judge(e)
}

// OwnFault makes e an error about the gateway's own credential, with the provider's
// words kept for the log only.
func OwnFault(e *translate.Error) {
	if e.Upstream == "" {
		e.Upstream = e.Message
	}
	e.Kind, e.Message, e.Code, e.Param = translate.ErrUpstreamAuth, ownFault, "", ""
}
