package replay

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

// TestErrors plays recorded error answers to both dialects.
func TestErrors(t *testing.T) {
	t.Run("CC19, trap 121, trap 123: recorded errors reach clients in their dialect, none as 401 or 403", playErrors)
}

func playErrors(t *testing.T) {
	p := newPlayer(t)
	url := gateway(t, p)
	var count tally
	for _, e := range answers(t) { // one after the other, as each lets something rest
		switch {
		case e.Response.Status == http.StatusOK:
			continue
		case e.Response.Status < 400:
			count.skip("the recorder kept no status")
			continue
		}
		count.ran()
		a := recorded(e)
		a.header.Set("Retry-After", "7")
		p.put(e.ID, a)
		for _, dialect := range dialects {
			for _, stream := range []bool{false, true} {
				gatewaytest.Wake() // what the error before let rest
				got := post(t, url+paths[dialect], question(dialect, wires[e.API]+"/"+e.ID, stream))
				f := &failed{t: t, e: e, dialect: dialect, got: got, want: meant(e)}
				f.judge()
			}
		}
	}
	count.print(t, "recorded errors were played to two dialects, streamed and whole")
}

// meaning is what a recorded error means for a client.
type meaning struct {
	statuses []int
	overflow bool
	told     string // what the client must be told of the provider's words
}

var (
	overflows = regexp.MustCompile(`(?i)maximum context length|prompt is too long|input token count[^.]*exceeds|context_length_exceeded`)
	ownFault  = regexp.MustCompile(`(?i)API_KEY_INVALID|API key not valid|FAILED_PRECONDITION|insufficient_quota`)
	moderated = regexp.MustCompile(`"(reasons|flagged_input|patterns)"|Content violates usage guidelines`)
	missing   = regexp.MustCompile(`model_not_found|model_decommissioned|"invalid_model"|is not a valid model ID|The supported API model names are|not allowed to sample from this model`)
	incapable = regexp.MustCompile(`No endpoints found that support`)
	misspoken = regexp.MustCompile(`tool_use_failed`)
)

// meant reads a recorded error (wire-openai-anthropic.md 6.2, provider-gemini-vertex.md 5,
// provider-openrouter.md 6).
func meant(e *traffic.Exchange) meaning {
	body := string(e.Answer())
	switch status := e.Response.Status; {
	case ownFault.MatchString(body):
		return meaning{statuses: []int{502}}
	case status == 403 && moderated.MatchString(body):
		return meaning{statuses: []int{400}}
	case missing.MatchString(body):
		return meaning{statuses: []int{404}}
	case incapable.MatchString(body):
		return meaning{statuses: []int{400}, told: inner(body)}
	case misspoken.MatchString(body): // the model's fault, as in 4.2 of the notes on Gemini
		return meaning{statuses: []int{502}}
	case status == 401, status == 402, status == 403:
		return meaning{statuses: []int{502}}
	case overflows.MatchString(body):
		return meaning{statuses: []int{400}, overflow: true}
	case status == 404:
		return meaning{statuses: []int{404}}
	case status == 413, status == 429:
		return meaning{statuses: []int{status}}
	case status < 500:
		return meaning{statuses: []int{400}, told: inner(body)}
	case status == 503, status == 529:
		return meaning{statuses: []int{503, 529}}
	}
	return meaning{statuses: []int{502, 504}}
}

// inner is the message of an error. What a provider behind a router says in metadata.raw
// is for the log (D21).
func inner(body string) string {
	v := decode([]byte(body))
	if l, ok := v.([]any); ok && len(l) > 0 {
		v = l[0]
	}
	if e := at(v, "error"); e != nil {
		v = e
	}
	if s, ok := v.(string); ok {
		return s
	}
	return str(at(v, "message"))
}

// failed is what a client got instead of an answer.
type failed struct {
	t       *testing.T
	e       *traffic.Exchange
	dialect string
	got     *reply
	want    meaning
}

func (f *failed) errorf(format string, args ...any) {
	f.t.Helper()
	f.t.Errorf("%s (%s %d) to %s: "+format+"\nrecorded %.300s\ngot %d %.300s",
		append(append([]any{f.e.ID, f.e.API, f.e.Response.Status, f.dialect}, args...), f.e.Answer(), f.got.status, f.got.body)...)
}

func (f *failed) judge() {
	f.t.Helper()
	if f.got.status == 401 || f.got.status == 403 {
		f.errorf("CC19: the provider's refusal of our credential is shown")
	}
	if !slices.Contains(f.want.statuses, f.got.status) {
		f.errorf("status, wanted one of %v", f.want.statuses)
	}
	f.secrets()
	message := f.envelope()
	if f.handedOn() {
		if !bytes.Equal(f.got.body, f.e.Answer()) || f.got.status != f.e.Response.Status || f.got.header.Get("Retry-After") != "7" {
			f.errorf("CC14: a Messages error to a Messages client changed")
		}
		return
	}
	if f.want.overflow {
		f.overflow(message)
	} else if !strings.Contains(message, clipped(f.want.told)) {
		f.errorf("the client is not told %q", f.want.told)
	}
}

// handedOn reports whether the client gets the provider's own answer.
func (f *failed) handedOn() bool {
	if f.dialect != "anthropic" || dialectOf(f.e.API) != "anthropic" || str(at(decode(f.e.Answer()), "type")) != "error" {
		return false
	}
	return slices.Contains([]int{400, 404, 413, 429, 529}, f.e.Response.Status)
}

// clipped is as much of a message as must arrive.
func clipped(s string) string { return s[:min(len(s), 1000)] }

// envelope checks the error's form and gives its message.
func (f *failed) envelope() string {
	v := decode(f.got.body)
	m, _ := at(v, "error").(object)
	if f.dialect == "openai" {
		for _, key := range []string{"message", "type", "param", "code"} {
			if _, ok := m[key]; !ok {
				f.errorf("the error lacks %s", key)
			}
		}
		if code := m["code"]; code != nil && str(code) == "" {
			f.errorf("trap 121: the code is %v", code)
		}
		return str(m["message"])
	}
	if str(at(v, "type")) != "error" || str(m["message"]) == "" || !slices.Contains(messagesErrors, str(m["type"])) {
		f.errorf("trap 123: no error of Messages")
	}
	if !f.handedOn() && str(at(v, "request_id")) == "" {
		f.errorf("no request_id")
	}
	return str(m["message"])
}

// messagesErrors are the types that the SDKs of Messages know (6.1).
var messagesErrors = strings.Fields("invalid_request_error authentication_error billing_error permission_error not_found_error conflict_error request_too_large rate_limit_error api_error timeout_error overloaded_error")

var (
	tooLong    = regexp.MustCompile(`^prompt is too long: \d+ tokens > \d+ maximum`)
	credential = regexp.MustCompile(`(?i)sk-[a-z0-9*_-]{3,}|AIza|ya29\.|` + secret + `|API key provided`)
)

// overflow checks the words on which clients compact (CC15).
func (f *failed) overflow(message string) {
	if f.dialect == "openai" {
		if str(at(decode(f.got.body), "error", "code")) != "context_length_exceeded" {
			f.errorf("an overflow without its code")
		}
		return
	}
	if !tooLong.MatchString(message) && !strings.HasPrefix(message, "input length and `max_tokens` exceed context limit: ") {
		f.errorf("CC15: an overflow without the words for it")
	}
}

// secrets checks that nothing of a credential is shown.
func (f *failed) secrets() {
	if found := credential.Find(f.got.body); found != nil {
		f.errorf("a credential is shown: %s", found)
	}
}
