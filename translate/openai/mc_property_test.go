package openai_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// said is a piece of an answer that a host is made to say.
type said struct {
	kind                  string // text, thinking or tool_use
	text, signature       string
	id, name, args        string
	fragments             []string // of text or args
	host                  *host
	index                 int
	announced, identified bool
}

// host is a way in which hosts of Chat write their streams.
type host struct {
	*rand.Rand
	reasoning string // the key of reasoning; "details" is OpenRouter's list
	numbers   string // of calls: dense, gaps, zero or none
	repeats   bool   // id and name stand with each fragment
	late      bool   // the id comes after the name, and calls one after the other
	beside    bool   // usage stands beside the reason to stop
}

// newHost makes up a host.
func newHost(seed, n uint64) *host {
	h := &host{Rand: rand.New(rand.NewPCG(seed, n))}
	h.reasoning = []string{"reasoning", "reasoning_content", "details"}[h.IntN(3)]
	h.numbers = []string{"dense", "gaps", "zero", "none"}[h.IntN(4)]
	h.repeats, h.late, h.beside = h.IntN(2) == 0, h.IntN(3) == 0, h.IntN(2) == 0
	return h
}

var words = []string{"a", "h\u00e9", "line\n", `"quoted" \ `, "\U0001f600", "}{", "<b>&", " x", "\t.", "日本"}

func (h *host) phrase() string {
	var b strings.Builder
	for range 1 + h.IntN(4) {
		b.WriteString(words[h.IntN(len(words))])
	}
	if strings.TrimSpace(b.String()) == "" {
		return "x"
	}
	return "w" + b.String() // a text that begins with white space may be held
}

// pieces cuts a text between characters.
func (h *host) pieces(s string) []string {
	var out []string
	for runes := []rune(s); len(runes) > 0; {
		n := 1 + h.IntN(len(runes))
		out = append(out, string(runes[:n]))
		runes = runes[n:]
	}
	return out
}

// answer makes up what is said: no two neighbours of one kind but calls and signed
// thinking.
func (h *host) answer() []*said {
	var list []*said
	calls, last := 0, ""
	for range 1 + h.IntN(6) {
		s := &said{host: h, kind: []string{"text", "thinking", "tool_use"}[h.IntN(3)]}
		if s.kind == last && s.kind != "tool_use" && !(s.kind == "thinking" && h.reasoning == "details") {
			continue
		}
		last = s.kind
		switch s.kind {
		case "tool_use":
			args, _ := json.Marshal(map[string]any{h.phrase(): h.phrase(), "n": []any{h.IntN(100), map[string]any{}}})
			s.id, s.name, s.args, s.index = fmt.Sprintf("call_%d", calls), fmt.Sprintf("tool%d", h.IntN(2)), string(args), len(list)
			if h.IntN(5) == 0 {
				s.args = "{}"
			}
			s.fragments = h.pieces(s.args)
			calls++
		case "thinking":
			s.text, s.index = h.phrase(), len(list)
			if h.reasoning == "details" {
				s.signature = fmt.Sprintf("S%d==", len(list))
			}
			s.fragments = h.pieces(s.text)
		default:
			s.text = h.phrase()
			s.fragments = h.pieces(s.text)
		}
		list = append(list, s)
	}
	return list
}

// records writes an answer as the host does. Fragments of neighbouring calls may interleave
// where the host tells them apart.
func (h *host) records(answer []*said) []string {
	var out []string
	for len(answer) > 0 {
		group := 1
		if answer[0].kind == "tool_use" && !h.late && (h.numbers == "dense" || h.numbers == "gaps") {
			for group < len(answer) && answer[group].kind == "tool_use" {
				group++
			}
		}
		open := append([]*said(nil), answer[:group]...)
		answer = answer[group:]
		for len(open) > 0 {
			i := 0
			if h.IntN(3) == 0 {
				i = h.IntN(len(open))
			}
			for k := range i { // those before it have begun
				if !open[k].announced {
					i = k
					break
				}
			}
			record, done := open[i].next()
			out = append(out, delta(record))
			if done {
				open = append(open[:i], open[i+1:]...)
			}
		}
	}
	usage := `{"prompt_tokens":30,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":10}}`
	if h.beside {
		out = append(out, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":`+usage+`}`)
	} else {
		out = append(out, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `{"choices":[],"usage":`+usage+`}`)
	}
	return append(out, "[DONE]")
}

// next writes the piece's next record, and tells whether it is the last.
func (s *said) next() (record string, done bool) {
	if s.kind == "tool_use" {
		return s.nextCall()
	}
	piece := s.fragments[0]
	s.fragments = s.fragments[1:]
	s.announced = true
	done = len(s.fragments) == 0
	if s.kind == "text" {
		return `"content":` + jsonText(piece), done
	}
	if s.host.reasoning != "details" {
		return `"content":"","` + s.host.reasoning + `":` + jsonText(piece), done
	}
	item := fmt.Sprintf(`{"type":"reasoning.text","text":%s,"format":"anthropic-claude-v1","index":%d`, jsonText(piece), s.index)
	if done {
		item += `,"signature":"` + s.signature + `"`
	}
	return `"reasoning":` + jsonText(piece) + `,"reasoning_details":[` + item + `}]`, done
}

func (s *said) nextCall() (record string, done bool) {
	h := s.host
	var fields []string
	switch h.numbers {
	case "dense":
		fields = append(fields, fmt.Sprintf(`"index":%d`, s.index))
	case "gaps":
		fields = append(fields, fmt.Sprintf(`"index":%d`, 3*s.index+1))
	case "zero":
		fields = append(fields, `"index":0`)
	}
	function := []string{}
	if !s.announced || h.repeats {
		function = append(function, `"name":`+jsonText(s.name))
	}
	hold := h.late && !s.identified && (h.numbers == "dense" || h.numbers == "gaps")
	if s.announced && !s.identified || !s.announced && !hold || h.repeats && s.identified {
		fields = append(fields, `"id":`+jsonText(s.id), `"type":"function"`)
		s.identified = true
	}
	if hold && !s.announced {
		s.announced = true
		return `"tool_calls":[{` + strings.Join(append(fields, `"function":{`+strings.Join(function, ",")+`}`), ",") + `}]`, false
	}
	s.announced = true
	function = append(function, `"arguments":`+jsonText(s.fragments[0]))
	s.fragments = s.fragments[1:]
	return `"tool_calls":[{` + strings.Join(append(fields, `"function":{`+strings.Join(function, ",")+`}`), ",") + `}]`, len(s.fragments) == 0
}

func jsonText(s string) string { return `"` + string(scan.Quote(s)) + `"` }

// wanted is what the client must have in the end.
func wanted(answer []*said) message {
	var m message
	for _, s := range answer {
		m.Content = append(m.Content, block{Type: s.kind, Thinking: map[bool]string{true: s.text}[s.kind == "thinking"], Text: map[bool]string{true: s.text}[s.kind == "text"],
			Signature: s.signature, ID: s.id, Name: s.name, Input: json.RawMessage(s.args)})
	}
	stop := "end_turn"
	for _, s := range answer {
		if s.kind == "tool_use" {
			stop = "tool_use"
		}
	}
	m.Stop = &stop
	m.Usage.Input, m.Usage.Read, m.Usage.Output = 20, 10, 5
	return m
}

// Whatever is said and however a host writes it, the client has it whole and in order.
func TestChatStreamsOfAllHosts(t *testing.T) {
	t.Run("pain 12: gathered, a stream equals the whole answer", func(t *testing.T) {
		for n := range uint64(300) {
			h := newHost(9, n)
			s := stream{in: strings.Join(h.records(h.answer()), "\n"), x: func() *translate.Exchange { return exchange(openRouter()) }}
			s.checkFold(t, clientEvents(t, converted(records(s.in), nil, s.exchange())))
			if t.Failed() {
				t.Fatalf("of\n%s", s.in)
			}
		}
	})
	t.Run("pain 1: each block has its own index, and nothing is lost or mixed", func(t *testing.T) {
		for n := range uint64(800) {
			h := newHost(7, n)
			answer := h.answer()
			in := h.records(answer)
			s := stream{name: "x", in: strings.Join(in, "\n"), x: func() *translate.Exchange { return exchange(openRouter()) }}
			got := clientEvents(t, converted(records(s.in), nil, s.exchange()))
			if got, want := got.message.String(), wanted(answer).String(); got != want {
				t.Fatalf("host %d, numbers %s: of\n%s\nthe client has\n%s\nwant\n%s", n, h.numbers, strings.Join(in, "\n"), got, want)
			}
			if n%10 == 0 {
				s.checkCuts(t, converted(records(s.in), nil, s.exchange()))
			}
		}
	})
}

// Usage of a host, whatever it claims, never becomes negative and never counts twice.
func TestUsageNeverCountsTwice(t *testing.T) {
	t.Run("pain 35: the parts of the prompt add up to what the host told", func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 5))
		for range 5000 {
			n := func() int64 { return r.Int64N(200) - 20 }
			prompt, completion, read, write, thought := n(), n(), n(), n(), n()
			v, err := scan.Parse(fmt.Appendf(nil, `{"prompt_tokens":%d,"completion_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d},"completion_tokens_details":{"reasoning_tokens":%d}}`, prompt, completion, read, write, thought))
			if err != nil {
				t.Fatal(err)
			}
			u := openai.ParseUsage(v)
			if u.Input < 0 || u.CacheRead < 0 || u.CacheWrite < 0 || u.Output < 0 || u.Reasoning < 0 || u.Prompt() != max(0, prompt) || u.Output != max(0, completion) || u.Reasoning > u.Output {
				t.Fatalf("%s gives %+v", v.Raw(), u)
			}
		}
	})
}
