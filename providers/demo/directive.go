package demo

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// directive is what a request asks the demo to do besides answering: a failure of a
// real provider, or a slow answer. It stands in the last message of the user as
// "demo: <what>", or in the header X-Demo.
type directive struct {
	// what is one of the kinds below; "" is an ordinary answer.
	what string
	// status and wait belong to "status".
	status int
	wait   int
	// after is how many pieces of a stream are sent before the failure.
	after int
	// pieces is how many words a long answer has, pace the pause between its pieces.
	pieces int
	pace   time.Duration
}

// The kinds of directives. After all of them may come "after <n>".
const (
	doStatus  = "status"   // status 429 [retry 3]: an error answer
	doContext = "overflow" // the prompt is too long
	doError   = "error"    // an error inside a stream of status 200
	doCut     = "cut"      // the connection breaks
	doEnd     = "end"      // the stream ends without its terminator
	doStall   = "stall"    // nothing more comes
	doGarbage = "garbage"  // what comes is no JSON
	doHTML    = "html"     // a web page
	doEmpty   = "empty"    // status 200 and nothing
	doRefuse  = "connection refused"
	doRefusal = "refusal"  // the model refuses
	doFilter  = "filter"   // a filter stops the answer
	doLength  = "length"   // the limit stops the answer
	doNoUsage = "no usage" // the answer does not tell its usage
	doLong    = "long"     // long 500 [pace 20ms]: an answer of many pieces
)

var (
	directivePattern = regexp.MustCompile(`(?i)demo:\s*(status|overflow|error|cut|end|stall|garbage|html|empty|connection refused|refusal|filter|length|no usage|long|slow)\b\s*(\d+)?`)
	afterPattern     = regexp.MustCompile(`(?i)after\s+(\d+)`)
	retryPattern     = regexp.MustCompile(`(?i)retry\s+(\d+)`)
	pacePattern      = regexp.MustCompile(`(?i)(?:pace|slow)\s+(\d+(?:ms|s))`)
)

// maxPieces bounds a long answer.
const maxPieces = 100_000

// readDirective finds a directive in a text.
func readDirective(text string) directive {
	d := directive{}
	m := directivePattern.FindStringSubmatch(text)
	if m == nil {
		return d
	}
	d.what = strings.ToLower(m[1])
	number, _ := strconv.Atoi(m[2])
	d.after, d.wait = numberIn(afterPattern, text), numberIn(retryPattern, text)
	switch d.what {
	case doStatus:
		if d.status = number; d.status < 400 || d.status > 599 {
			d.status = 500
		}
	case doLong:
		d.pieces = min(max(number, 1), maxPieces)
	case "slow":
		d.what = ""
	}
	if p := pacePattern.FindStringSubmatch(text); p != nil {
		d.pace, _ = time.ParseDuration(p[1])
	}
	return d
}

func numberIn(pattern *regexp.Regexp, text string) int {
	if m := pattern.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}
