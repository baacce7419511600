package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// prompt is what the demo makes of a request.
type prompt struct {
	model     string
	stream    bool
	text      string // the user's last words
	media     []string
	results   []string // what tools answered last
	system    bool
	size      int64
	tools     []tool
	forced    bool   // a tool must be called
	only      string // this tool must be called
	forbidden bool   // no tool may be called
	single    bool   // one call at most
	reasoning bool
	schema    scan.Value // of the answer; does not exist for text
	json      bool       // the answer must be a JSON object
	stop      []string
	maxTokens int64
	seals     []string // signatures that came back
}

// tool is a tool that the request offers.
type tool struct {
	name   string
	schema scan.Value
}

// answer is what the demo says.
type answer struct {
	id        int64
	model     string
	reasoning string
	signature string
	pieces    []string // the text, in the pieces of a stream
	calls     []call
	stop      stop
	matched   string // the stop sequence
	input     int64
	output    int64
	thought   int64
	noUsage   bool
}

type call struct{ id, name, args string }

// stop is why an answer ends.
type stop uint8

const (
	stopEnd stop = iota
	stopLength
	stopTools
	stopSequence
	stopRefusal
	stopFilter
)

// compose decides what to say.
func compose(p *prompt, d directive, n int64) *answer {
	a := &answer{id: n, model: p.model, input: p.size, noUsage: d.what == doNoUsage}
	if p.reasoning {
		a.reasoning = "The user wants something. I think about what that may be."
		a.signature = seal(a.reasoning)
		a.thought = tokens(a.reasoning)
	}
	switch {
	case d.what == doRefusal:
		a.stop, a.pieces = stopRefusal, []string{"I will not ", "do that."}
	case d.what == doFilter:
		a.stop, a.pieces = stopFilter, []string{"This answer "}
	case d.pieces > 0:
		a.pieces = long(d.pieces)
	case p.calls(a):
	case p.schema.Exists():
		a.pieces = split(sample(p.schema, 0))
	case p.json:
		a.pieces = split(`{"answer":"demo"}`)
	default:
		a.pieces = split(p.words())
	}
	if d.what == doLength {
		a.stop = stopLength
	}
	a.cut(p)
	return a
}

// seal signs reasoning, so that it can be seen whether it comes back unchanged.
func seal(reasoning string) string {
	sum := sha256.Sum256([]byte("demo\x00" + reasoning))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// calls decides whether to call tools: when there are some and the last turn holds no
// results yet.
func (p *prompt) calls(a *answer) bool {
	if len(p.tools) == 0 || p.forbidden || len(p.results) > 0 && !p.forced {
		return false
	}
	chosen := p.tools[:1]
	if !p.single && strings.Contains(strings.ToLower(p.text), "parallel") {
		if chosen = p.tools; len(chosen) == 1 {
			chosen = []tool{chosen[0], chosen[0]}
		}
	}
	for _, t := range p.tools {
		if t.name == p.only || p.only == "" && len(chosen) == 1 && strings.Contains(p.text, t.name) {
			chosen = []tool{t}
		}
	}
	for i, t := range chosen {
		a.calls = append(a.calls, call{fmt.Sprintf("call_demo_%d_%d", a.id, i), t.name, sample(t.schema, 0)})
	}
	a.stop = stopTools
	return true
}

// words is the ordinary answer: it tells what came in.
func (p *prompt) words() string {
	var b strings.Builder
	b.WriteString("This is the demo model.")
	switch {
	case len(p.results) > 0:
		fmt.Fprintf(&b, " The tools answered: %s.", strings.Join(p.results, "; "))
	case p.text != "":
		fmt.Fprintf(&b, " You said: %s", p.text)
	}
	for _, m := range p.media {
		fmt.Fprintf(&b, " I see %s.", m)
	}
	return b.String()
}

// split cuts a text into the pieces of a stream, between words.
func split(text string) []string {
	var pieces []string
	for text != "" {
		i := strings.IndexByte(text[1:], ' ') + 1
		if i == 0 {
			i = len(text)
		}
		pieces, text = append(pieces, text[:i]), text[i:]
	}
	return pieces
}

func long(n int) []string {
	pieces := make([]string, n)
	for i := range pieces {
		pieces[i] = fmt.Sprintf("word%d ", i)
	}
	return pieces
}

// cut ends the text at a stop sequence or at the limit, and counts.
func (a *answer) cut(p *prompt) {
	text := strings.Join(a.pieces, "")
	for _, s := range p.stop {
		if i := strings.Index(text, s); i >= 0 && s != "" {
			text, a.stop, a.matched = text[:i], stopSequence, s
			a.pieces = split(text)
		}
	}
	if p.maxTokens > 0 && tokens(text) > p.maxTokens && len(a.calls) == 0 {
		a.pieces, a.stop = split(text[:min(len(text), int(p.maxTokens)*4)]), stopLength
	}
	a.output = a.thought + tokens(strings.Join(a.pieces, ""))
	for _, c := range a.calls {
		a.output += tokens(c.name + c.args)
	}
	a.output = max(a.output, 1)
}
