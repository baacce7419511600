package replay

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

func TestAnswers(t *testing.T) {
	list := answers(t)
	p := newPlayer(t)
	c := newClients(gateway(t, p))
	var count tally
	each(list, func(e *traffic.Exchange) {
		if why := unplayable(e); why != "" {
			count.skip(why)
			return
		}
		count.ran()
		p.put(e.ID, recorded(e))
		for _, dialect := range dialects {
			v := &verdict{e: e, dialect: dialect, t: t, want: read(e)}
			v.judge(c.ask(dialect, wires[e.API]+"/"+e.ID, e.Response.BodyKind == "sse"))
		}
	})
	count.print(t, "recorded answers were played to two dialects")
}

// verdict compares what a client got with what was recorded.
type verdict struct {
	t       *testing.T
	e       *traffic.Exchange
	dialect string
	how     string // how the answer was asked for, where that differs from the recording
	want    said
}

func (v *verdict) errorf(format string, args ...any) {
	v.t.Helper()
	v.t.Errorf("%s (%s %s) to %s%s: %s", v.e.ID, v.e.API, v.e.Response.BodyKind, v.dialect, v.how, fmt.Sprintf(format, args...))
}

func (v *verdict) equal(what string, want, got any) {
	v.t.Helper()
	if fmt.Sprint(want) != fmt.Sprint(got) {
		v.errorf("%s\nwant %.300q\ngot  %.300q", what, fmt.Sprint(want), fmt.Sprint(got))
	}
}

// passed reports whether the gateway hands the answer on as it is.
func (v *verdict) passed() bool { return v.how == "" && dialectOf(v.e.API) == v.dialect }

func (v *verdict) judge(g got) {
	v.t.Helper()
	switch {
	case v.want.failed || v.want.cut || v.want.empty():
		if g.err == nil {
			v.errorf("the recording fails, breaks off or says nothing, but the client got %+v", g.said)
		}
	case g.err != nil:
		if !v.want.refused() {
			v.errorf("%v", g.err)
		}
	default:
		v.whole(g)
	}
}

// empty reports whether an answer says nothing, nor why (wire-openai-anthropic.md 5.5).
func (s *said) empty() bool {
	return s.finish == "" && s.text == "" && s.reasoning == "" && len(s.calls) == 0 && len(s.seals) == 0 && s.images == 0 && len(s.code) == 0
}

// refused reports whether a client may be told an error instead of the answer
// (provider-gemini-vertex.md 4.2, 4.3).
func (s *said) refused() bool {
	return s.finish == "blocked" || s.finish == "MALFORMED_FUNCTION_CALL" || s.finish == "UNEXPECTED_TOOL_CALL"
}

// whole checks that nothing was lost.
func (v *verdict) whole(g got) {
	v.t.Helper()
	v.text(g)
	if !v.want.broken() {
		v.equal("calls", v.want.calls, g.calls)
	}
	v.equal("reasoning", v.want.reasoning, g.reasoning)
	for _, seal := range v.want.seals {
		if !slices.Contains(g.seals, seal) && !v.oneOfMany(seal) {
			v.errorf("a signature is lost: %.60s", seal)
		}
	}
	v.tokens(g)
	v.end(g)
}

// oneOfMany reports whether a signature is of a text of Gemini's that is not the last one: a
// Chat answer is one text and has room for one signature.
func (v *verdict) oneOfMany(seal string) bool {
	i := slices.Index(v.want.textSeals, seal)
	return v.dialect == "openai" && i >= 0 && i < len(v.want.textSeals)-1
}

// note is what Messages clients are told of a medium, which their dialect has no block
// for (wire-openai-anthropic.md 4.2). Chat clients get images; sounds are a loss that is
// reported.
var note = regexp.MustCompile(`\[Left out: \w+ of type [^\]]*\]`)

func (v *verdict) text(g got) {
	v.t.Helper()
	text := g.text
	if v.dialect == "anthropic" {
		v.equal("media", v.want.images+v.want.sounds, len(note.FindAllString(text, -1)))
		text = note.ReplaceAllString(text, "")
	} else {
		v.equal("images", v.want.images, g.images)
	}
	if v.want.refusal != "" { // a text in Messages (4.2)
		v.equal("refusal", v.want.text+v.want.refusal, text+g.refusal)
		return
	}
	if len(v.want.code) == 0 {
		v.equal("text", strings.TrimSpace(v.want.text), strings.TrimSpace(text))
		return
	}
	for _, piece := range append(v.want.pieces, v.want.code...) { // code stands fenced in the text
		if !strings.Contains(text, strings.TrimSpace(piece)) {
			v.errorf("the text lacks %.200q", piece)
		}
	}
}

func (v *verdict) tokens(g got) {
	v.t.Helper()
	want := v.want.usage
	if want.prompt > 0 {
		v.equal("prompt tokens", want.prompt, g.usage.prompt)
	}
	if want.answer > 0 && !(v.passed() && v.want.corrected) {
		v.equal("answer tokens", want.answer, g.usage.answer)
	}
	if !v.passed() { // parts may be told elsewhere by a host, or exceed the whole
		v.equal("cached tokens", min(want.cached, want.prompt), g.usage.cached)
		v.equal("reasoning tokens", min(want.thought, want.answer), g.usage.thought)
	}
}

func (v *verdict) end(g got) {
	v.t.Helper()
	if v.dialect == "openai" {
		v.equal("choices", v.want.choices, g.choices)
	}
	if v.passed() {
		v.equal("stop reason", v.want.finish, g.finish)
		return
	}
	if g.finish == "" {
		v.errorf("no stop reason")
	}
	if v.want.finish == "blocked" && g.finish != "content_filter" && g.finish != "refusal" {
		v.errorf("a blocked prompt is answered with %s", g.finish)
	}
	if len(v.want.calls) > 0 && !slices.Contains([]string{"tool_calls", "tool_use", "length", "max_tokens"}, g.finish) {
		v.errorf("calls, but the answer ends with %s (recorded: %s)", g.finish, v.want.finish)
	}
}
