package openrouter

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// detail is what OpenRouter's error body says beyond the common envelope.
type detail struct {
	errorType   string
	limitSource string
	reason      string
	outer       string // the message, where a better one for the log lies in metadata.raw
	retryable   translate.Tristate
	moderated   bool
	status      int64
}

// readDetail reads the body of an error; fields that are not there stay zero.
func readDetail(body []byte) detail {
	v, err := scan.Parse(body)
	if err != nil {
		return detail{}
	}
	e := v.Get("error")
	meta := e.Get("metadata")
	d := detail{
		errorType:   firstText(e.Get("error_type"), meta.Get("error_type")),
		limitSource: meta.Get("limit_source").Str(),
		reason:      meta.Get("reason").Str(),
		moderated:   meta.Get("patterns").Exists() || meta.Get("reasons").Exists() || meta.Get("flagged_input").Exists(),
	}
	if meta.Get("raw").Exists() {
		d.outer = e.Get("message").Str()
	}
	if b, ok := e.At("availability", "retryable").Bool(); ok {
		d.retryable = translate.TristateOf(b)
	}
	if d.status, _ = e.Get("http_status").Int(); d.status == 0 {
		d.status, _ = e.Get("code").Int()
	}
	return d
}

func firstText(values ...scan.Value) string {
	for _, v := range values {
		if s := v.Str(); s != "" {
			return s
		}
	}
	return ""
}

// Classify judges by OpenRouter's error types (provider-openrouter.md 6). Where the body
// says whether a retry can help, that decides and not the status (D19).
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	d := readDetail(a.Body)
	status := a.Status
	if status == http.StatusOK && d.status > 0 {
		status = int(d.status)
		if e.Kind == translate.ErrUpstream { // its code was no number, or not there (D20)
			*e = *translate.NewUpstreamError(status, translate.ReadErrorBody(a.Body))
		}
	}
	shared := *a
	shared.Status = status
	if status == http.StatusForbidden && (d.moderated || d.errorType == "content_policy_violation") ||
		status == http.StatusBadRequest && d.errorType == "refusal" {
		e.Kind, e.Code, e.Message = translate.ErrContent, "", cmp.Or(e.Upstream, "the prompt was blocked")
	}
	if d.outer != "" && e.Kind == translate.ErrInvalid {
		e.Message = d.outer // what the provider behind OpenRouter says is for the log (D21)
	}
	v := providers.Classify(&shared, e)
	switch status {
	case http.StatusPaymentRequired:
		return payment(d, e)
	case http.StatusForbidden:
		if d.errorType == "region_restricted" {
			v.Scope, v.Alarm = providers.RestNothing, false
		}
	case http.StatusTooManyRequests:
		v = limited(a, e)
	case http.StatusInternalServerError:
		v.Action = providers.Again
	}
	switch d.retryable {
	case translate.Yes:
		v.Action = providers.Again
	case translate.No:
		if v.Action == providers.Again {
			v.Action = providers.Next
		}
	}
	return v
}

// payment tells a passing shortage from an empty account (D17, D18), and both from a
// request that is more than the account may ever spend at once.
func payment(d detail, e *translate.Error) providers.Verdict {
	why := d.limitSource + " " + d.reason
	switch {
	case strings.Contains(why, "weight_exceeds_budget"):
		return providers.Verdict{Action: providers.Next, Alarm: true}
	case strings.Contains(why, "in_flight_budget"):
		e.Kind, e.Message = translate.ErrOverloaded, "the provider's account is busy"
		return providers.Verdict{Action: providers.Next, For: e.RetryAfter}
	}
	return providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Minute, Alarm: true}
}

// limited rests the key for a limit of OpenRouter's own, which carries X-RateLimit
// headers; the limit of a provider behind it is the model's and rests nothing here.
func limited(a *providers.Answer, e *translate.Error) providers.Verdict {
	e.Kind = translate.ErrUpstreamLimit
	v := providers.Verdict{Action: providers.Next, For: e.RetryAfter}
	if a.Header.Get("X-RateLimit-Limit") != "" {
		v.Scope = providers.RestCredential
	}
	return v
}
