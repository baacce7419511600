package gemini

import (
	"net/http"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Classify judges Google's errors (provider-gemini-vertex.md 5), also those that its
// front end gives before Claude on Vertex: a bad key or a missing precondition is ours,
// signatures that Google does not accept are replaced once (A22).
func Classify(a *providers.Answer, e *translate.Error) providers.Verdict {
	status := a.Status
	if status == http.StatusOK { // an error inside a 200
		status = e.Status
	}
	d := readDetail(a.Body)
	if d.retry > 0 {
		e.RetryAfter = d.retry
	}
	e.Message = gemini.HideOperator(e.Message) // Claude's errors, which another dialect reads
	if status == http.StatusBadRequest && (d.badKey || d.unmet) {
		providers.OwnFault(e)
	}
	v := providers.Classify(a, e)
	switch {
	case e.Kind == translate.ErrUpstreamAuth && d.unmet: // region or billing: no other key helps
		v.Scope = providers.RestRoute
	case e.Type == "thought_signature":
		v.NoSignatures = true
	case status == http.StatusInternalServerError, badCall(e.Type):
		v.Repeat()
	case e.Kind == translate.ErrUpstreamLimit && d.daily:
		v.For, v.Transient = untilReset(time.Now()), false // B16
		e.Retry = translate.No
	}
	return v
}

// badCall reports whether the model made a tool call that cannot be told, which it may do
// better when asked once more (4.2, B9).
func badCall(native string) bool {
	return native == "MALFORMED_FUNCTION_CALL" || native == "UNEXPECTED_TOOL_CALL"
}

// detail is what Google's error body says in its details.
type detail struct {
	retry  time.Duration // RetryInfo
	daily  bool          // a quota of the day is used up, or is zero
	badKey bool          // the key is bad
	unmet  bool          // region or billing do not fit
}

// readDetail reads the body of an error, which may stand in an array (B13); fields that
// are not there stay zero.
func readDetail(body []byte) (d detail) {
	v, err := scan.Parse(body)
	if err != nil {
		return d
	}
	if v.Kind() == scan.Array {
		v = v.First()
	}
	e := v.Get("error")
	d.unmet = e.Get("status").Text().Equal("FAILED_PRECONDITION")
	d.daily = strings.Contains(e.Get("message").Str(), "limit: 0")
	for entry := range e.Get("details").Elements() {
		if wait, err := time.ParseDuration(entry.Get("retryDelay").Str()); err == nil {
			d.retry = wait
		}
		d.badKey = d.badKey || entry.Get("reason").Text().Equal("API_KEY_INVALID")
		for violation := range entry.Get("violations").Elements() {
			d.daily = d.daily || strings.Contains(violation.Get("quotaId").Str(), "PerDay")
		}
	}
	return d
}

// pacific is the zone at whose midnight Google's daily quotas begin anew. It has no
// summer here: an hour too long is better than a database of zones.
var pacific = time.FixedZone("PST", -8*60*60)

// untilReset is the time to the next midnight of Google's quotas.
func untilReset(now time.Time) time.Duration {
	t := now.In(pacific)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, pacific).Sub(t)
}
