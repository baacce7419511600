package openrouter

import (
	"cmp"
	"net/http"
	"strconv"
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
	wait        time.Duration // how long it says that waiting helps
	platform    bool          // a limit of OpenRouter's own
	reset       int64         // when that ends, in Unix milliseconds
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
	if n, ok := e.At("availability", "retry_after").Float(); ok {
		d.wait = providers.Seconds(n)
	}
	limits := meta.Get("headers")
	d.platform = limits.Get("X-RateLimit-Limit").Exists()
	d.reset, _ = strconv.ParseInt(limits.Get("X-RateLimit-Reset").Str(), 10, 64)
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

// Classify judges by OpenRouter's error types (provider-openrouter.md 6).
func (c *Client) Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	d := readDetail(a.Body)
	status := a.Status
	if status == http.StatusOK && d.status > 0 {
		status = int(d.status)
		if e.Kind == translate.ErrUpstream { // its code was no number, or not there (D20)
			*e = *translate.NewUpstreamError(status, translate.ReadErrorBody(a.Body))
		}
	}
	if d.wait > 0 {
		e.RetryAfter = d.wait
	}
	reword(status, d, e)
	shared := *a
	shared.Status = status
	v := providers.Classify(&shared, e)
	switch status {
	case http.StatusPaymentRequired:
		return payment(d, e)
	case http.StatusForbidden:
		if d.errorType == "region_restricted" {
			v.Scope, v.Alarm = providers.RestRoute, false
		}
	case http.StatusNotFound:
		if e.Kind == translate.ErrInvalid {
			v.Action = providers.Next
		}
	case http.StatusTooManyRequests:
		v = limited(a, d, e)
	case http.StatusInternalServerError:
		v.Repeat()
	}
	return heed(v, d, e)
}

// reword gives an error the kind that its body tells, and its message the words of
// OpenRouter's own, where those of the provider behind it are for the log (D21).
func reword(status int, d detail, e *translate.Error) {
	switch {
	case status == http.StatusForbidden && (d.moderated || d.errorType == "content_policy_violation"),
		status == http.StatusBadRequest && d.errorType == "refusal":
		e.Kind, e.Code, e.Message = translate.ErrContent, "", cmp.Or(e.Upstream, "the prompt was blocked")
	case status == http.StatusBadRequest && unknownModel(e.Upstream):
		e.Kind = translate.ErrModel
		e.Retell()
	case status == http.StatusNotFound && strings.HasPrefix(e.Upstream, "No endpoints found that support"):
		e.Kind, e.Message = translate.ErrInvalid, e.Upstream // the model is there, but not for this request
	case status == http.StatusConflict:
		e.Kind = translate.ErrInvalid
		e.Retell()
	}
	if d.outer != "" && e.Kind == translate.ErrInvalid {
		e.Message = d.outer
	}
}

// unknownModel reports whether a 400 says that there is no such model.
func unknownModel(message string) bool {
	name, ok := strings.CutSuffix(message, " is not a valid model ID")
	return ok && !strings.Contains(name, " ")
}

// heed lets what the body says about trying again decide, and not the status (D19).
func heed(v providers.Verdict, d detail, e *translate.Error) providers.Verdict {
	switch d.retryable {
	case translate.Yes:
		v.Transient = true
		if e.RetryAfter == 0 {
			v.Action, v.Scope, v.For = providers.Again, providers.RestNothing, 0
		}
	case translate.No:
		v.Transient = false
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
		return providers.Verdict{Action: providers.Next, For: e.RetryAfter, Transient: true}
	}
	return providers.Verdict{Action: providers.Next, Scope: providers.RestCredential, For: 10 * time.Minute, Alarm: true}
}

// limited rests the key for a limit of OpenRouter's own, which carries X-RateLimit
// headers, in its body too; the limit of a provider behind it is the model's.
func limited(a *providers.Answer, d detail, e *translate.Error) providers.Verdict {
	e.Kind = translate.ErrUpstreamLimit
	v := providers.Verdict{Action: providers.Next, Scope: providers.RestRoute, Transient: true}
	if d.platform || a.Header.Get("X-RateLimit-Limit") != "" {
		v.Scope = providers.RestCredential
		if e.RetryAfter == 0 {
			e.RetryAfter = untilReset(a, d)
		}
	}
	v.For = e.RetryAfter
	return v
}

// untilReset is the time until a limit of OpenRouter's own ends, which it tells in Unix
// milliseconds; 0 if it does not.
func untilReset(a *providers.Answer, d detail) time.Duration {
	at, err := strconv.ParseInt(a.Header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		at = d.reset
	}
	if at <= 0 {
		return 0
	}
	return providers.Bounded(time.UnixMilli(at).Sub(providers.SentAt(a.Header, time.Now())))
}
