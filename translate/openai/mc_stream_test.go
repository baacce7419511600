package openai_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// stream is a streamed answer of a provider of Chat and the events that a client of
// Messages must get of it.
type stream struct {
	name string
	x    func() *translate.Exchange // nil is one for local
	in   string                     // the data of a record on each line
	end  error                      // how the body ends after them; nil is a clean end
	want string                     // the client's events, one on each line, as eventLine spells them
	lost string                     // the losses of the answer
	late bool                       // what is lost came too late for a stream; a whole answer holds it
}

func (s stream) exchange() *translate.Exchange {
	if s.x == nil {
		return exchange(local())
	}
	return s.x()
}

func (s stream) run(t *testing.T) {
	t.Run(s.name, func(t *testing.T) {
		x := s.exchange()
		out := converted(records(s.in), s.end, x)
		got := clientEvents(t, out)
		if want := lines(s.want); strings.Join(got.lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("the client gets\n%s\nwant\n%s", strings.Join(got.lines, "\n"), strings.Join(want, "\n"))
		}
		if lost := x.AnswerLosses.String(); lost != s.lost {
			t.Errorf("losses %q, want %q", lost, s.lost)
		}
		s.checkCuts(t, out)
		if !s.late {
			s.checkFold(t, got)
		}
	})
}

// checkCuts checks that the borders of the network's reads change nothing.
func (s stream) checkCuts(t *testing.T, want []byte) {
	t.Helper()
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		var body strings.Builder
		for _, r := range records(s.in) {
			body.WriteString("data: " + r + end)
		}
		reader := sse.NewReader(iotest.OneByteReader(strings.NewReader(body.String())), 0)
		pass := conversionOf(s.exchange())
		var out []byte
		for {
			event, err := reader.Next()
			if err != nil {
				break
			}
			out, _ = pass.Record(out, event.Name, event.Data, event.Raw)
		}
		if out, _ = pass.Close(out, s.end); !bytes.Equal(out, want) {
			t.Errorf("read byte by byte the client gets\n%s\nwant\n%s", out, want)
		}
	}
}

// checkFold checks that the whole answer, gathered from the same stream, says the same as
// the client's own reading of its events.
func (s stream) checkFold(t *testing.T, streamed clientStream) {
	t.Helper()
	x := s.exchange()
	dec, fold := openai.Dialect{}.NewDecoder(x), translate.NewFold(x)
	var events []translate.Event
	for _, r := range records(s.in) {
		events = dec.Decode(nil, []byte(r), events[:0])
		for i := range events {
			fold.Add(&events[i])
		}
	}
	for _, e := range dec.Close(s.end, nil) {
		fold.Add(&e)
	}
	r, err := fold.Response()
	if (err != nil) != streamed.failed {
		t.Fatalf("gathered: %v, but the stream's failure is %v", err, streamed.failed)
	}
	if err != nil {
		return
	}
	if !r.Usage.Reported {
		r.Estimate(x.PromptEstimate)
	}
	whole := readMessage(t, anthropic.Dialect{}.EncodeResponse(nil, r, x))
	if got, want := streamed.message.String(), whole.String(); got != want {
		t.Errorf("the streamed answer says\n%s\nthe whole one\n%s", got, want)
	}
}

func records(s string) []string { return lines(s) }

// lines are the lines of a text without its margin and without empty ones.
func lines(s string) []string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func conversionOf(x *translate.Exchange) translate.Pass {
	return translate.NewConversion(openai.Dialect{}.NewDecoder(x), anthropic.Dialect{}.NewEncoder(x), nil)
}

// converted takes records to a client.
func converted(records []string, end error, x *translate.Exchange) []byte {
	pass := conversionOf(x)
	var out []byte
	for _, r := range records {
		data := []byte(r)
		out, _ = pass.Record(out, nil, data, nil)
		for i := range data { // the reader uses its memory again
			data[i] = 'x'
		}
	}
	out, _ = pass.Close(out, end)
	return out
}

// clientStream is what a client reads of a stream.
type clientStream struct {
	lines   []string
	message message
	failed  bool
}

// message is an answer as a client has it in the end.
type message struct {
	Content []block `json:"content"`
	Stop    *string `json:"stop_reason"`
	Matched *string `json:"stop_sequence"`
	Usage   struct {
		Input  int64 `json:"input_tokens"`
		Read   int64 `json:"cache_read_input_tokens"`
		Write  int64 `json:"cache_creation_input_tokens"`
		Output int64 `json:"output_tokens"`
	} `json:"usage"`
}

type block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	Signature string          `json:"signature"`
	Data      string          `json:"data"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	partial   string
	open      bool
}

func (m message) String() string {
	var b strings.Builder
	for _, c := range m.Content {
		fmt.Fprintf(&b, "%s text=%q thinking=%q signature=%q data=%q id=%s name=%s input=%s\n", c.Type, c.Text, c.Thinking, c.Signature, c.Data, c.ID, c.Name, canonical(c.Input))
	}
	fmt.Fprintf(&b, "stop %s %s usage %+v", told(m.Stop), told(m.Matched), m.Usage)
	return b.String()
}

// canonical spells a value one way, whatever escapes it was written with.
func canonical(raw []byte) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if len(raw) == 0 || d.Decode(&v) != nil {
		return string(raw)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

func told(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

func readMessage(t *testing.T, body []byte) message {
	t.Helper()
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return m
}

// clientEvents reads a stream as strict clients of Messages do and fails the test for
// what any of them stumbles over (wire-openai-anthropic.md 5.1).
func clientEvents(t *testing.T, out []byte) clientStream {
	t.Helper()
	var s clientStream
	started, stopped, ended := false, false, false
	frames := strings.Split(string(out), "\n\n")
	if frames[len(frames)-1] != "" {
		t.Fatalf("the stream does not end with a blank line:\n%s", out)
	}
	for _, frame := range frames[:len(frames)-1] {
		line, data, _ := strings.Cut(frame, "\ndata: ")
		name, ok := strings.CutPrefix(line, "event: ")
		if !ok || strings.Contains(data, "\n") {
			t.Fatalf("not an event line and a data line: %q", frame)
		}
		var e struct {
			Type    string `json:"type"`
			Index   *int   `json:"index"`
			Message *struct {
				ID, Type, Role, Model string
				Content               []block
				Usage                 json.RawMessage
				StopReason            *string `json:"stop_reason"`
			}
			Block *block                     `json:"content_block"`
			Delta map[string]json.RawMessage `json:"delta"`
			Usage json.RawMessage            `json:"usage"`
			Error *struct{ Type, Message string }
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil || e.Type != name {
			t.Fatalf("event %s with data %s: %v", name, data, err)
		}
		if ended {
			t.Fatalf("%s after the end", name)
		}
		if !started && name != "message_start" && name != "ping" && name != "error" {
			t.Fatalf("%s before message_start", name)
		}
		s.lines = append(s.lines, eventLine(name, []byte(data)))
		switch name {
		case "message_start":
			if started || e.Message == nil || e.Message.Content == nil || e.Message.Role != "assistant" || e.Message.Type != "message" {
				t.Fatalf("a wrong or second message_start: %s", data)
			}
			started = true
			must(t, e.Message.Usage, &s.message.Usage)
		case "content_block_start":
			if n := len(s.message.Content); *e.Index != n || n > 0 && s.message.Content[n-1].open {
				t.Fatalf("block %d begins out of turn: %s", *e.Index, data)
			}
			if e.Block.Type == "tool_use" && (e.Block.ID == "" || e.Block.Name == "") {
				t.Fatalf("a call without id or name: %s", data)
			}
			b := *e.Block
			b.open = true
			s.message.Content = append(s.message.Content, b)
		case "content_block_delta":
			if *e.Index != len(s.message.Content)-1 || !s.message.Content[*e.Index].open {
				t.Fatalf("a delta of no open block: %s", data)
			}
			s.message.Content[*e.Index].add(t, e.Delta)
		case "content_block_stop":
			if *e.Index != len(s.message.Content)-1 || !s.message.Content[*e.Index].open {
				t.Fatalf("the end of no open block: %s", data)
			}
			s.message.Content[*e.Index].close(t)
		case "message_delta":
			if stopped || e.Usage == nil {
				t.Fatalf("a second message_delta, or one without usage: %s", data)
			}
			stopped = true
			must(t, e.Delta["stop_reason"], &s.message.Stop)
			must(t, e.Delta["stop_sequence"], &s.message.Matched)
			must(t, e.Usage, &s.message.Usage)
		case "message_stop":
			if !stopped {
				t.Fatal("message_stop without message_delta")
			}
			ended = true
		case "error":
			ended, s.failed = true, true
		case "ping":
		default:
			t.Fatalf("an event that clients do not know: %s", name)
		}
	}
	if !ended {
		t.Fatalf("the stream has no end:\n%s", out)
	}
	for _, b := range s.message.Content {
		if b.open && !s.failed {
			t.Fatalf("a block stayed open:\n%s", out)
		}
	}
	return s
}

func must(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

// add takes a delta, which must be of the block's kind.
func (b *block) add(t *testing.T, delta map[string]json.RawMessage) {
	t.Helper()
	var kind, text string
	must(t, delta["type"], &kind)
	for fits, d := range map[string]struct {
		key  string
		into *string
	}{"text text_delta": {"text", &b.Text}, "thinking thinking_delta": {"thinking", &b.Thinking}, "tool_use input_json_delta": {"partial_json", &b.partial}} {
		if fits == b.Type+" "+kind {
			must(t, delta[d.key], &text)
			*d.into += text
			return
		}
	}
	if b.Type == "thinking" && kind == "signature_delta" {
		must(t, delta["signature"], &b.Signature) // it replaces
		return
	}
	t.Fatalf("a %s in a block of %s", kind, b.Type)
}

// close ends a block. Arguments are parsed at the end, as clients do; what is no JSON
// stands for {"_raw":…} here, which is what a whole answer makes of it.
func (b *block) close(t *testing.T) {
	t.Helper()
	b.open = false
	if b.Type != "tool_use" {
		return
	}
	if json.Valid([]byte(b.partial)) {
		b.Input = json.RawMessage(b.partial)
		return
	}
	raw, err := json.Marshal(map[string]string{"_raw": b.partial})
	if err != nil {
		t.Fatal(err)
	}
	b.Input = raw
}

// eventLine spells an event short enough to be read.
func eventLine(name string, data []byte) string {
	var e struct {
		Index   int
		Message struct{ Usage json.RawMessage }
		Block   block `json:"content_block"`
		Delta   struct {
			Type, Text, Thinking, Signature string
			Partial                         string  `json:"partial_json"`
			Stop                            string  `json:"stop_reason"`
			Matched                         *string `json:"stop_sequence"`
			Details                         *struct {
				Explanation *string
			} `json:"stop_details"`
		}
		Usage json.RawMessage
		Error struct{ Type, Message string }
	}
	_ = json.Unmarshal(data, &e)
	switch name {
	case "message_start":
		return "start " + usageLine(e.Message.Usage)
	case "content_block_start":
		switch e.Block.Type {
		case "tool_use":
			return fmt.Sprintf("%d begins: tool_use %s %s", e.Index, e.Block.ID, e.Block.Name)
		case "redacted_thinking":
			return fmt.Sprintf("%d begins: redacted_thinking %s", e.Index, e.Block.Data)
		}
		return fmt.Sprintf("%d begins: %s%s", e.Index, e.Block.Type, e.Block.Text+e.Block.Thinking)
	case "content_block_delta":
		return fmt.Sprintf("%d %s %s", e.Index, strings.TrimSuffix(e.Delta.Type, "_delta"), quote(e.Delta.Text+e.Delta.Thinking+e.Delta.Signature+e.Delta.Partial))
	case "content_block_stop":
		return fmt.Sprintf("%d ends", e.Index)
	case "message_delta":
		line := "delta " + e.Delta.Stop
		if e.Delta.Matched != nil {
			line += " " + quote(*e.Delta.Matched)
		}
		if d := e.Delta.Details; d != nil && d.Explanation != nil {
			line += " because " + quote(*d.Explanation)
		}
		return line + " " + usageLine(e.Usage)
	case "message_stop":
		return "stop"
	case "error":
		return "error " + e.Error.Type + ": " + e.Error.Message
	}
	return name
}

// usageLine spells counts: input + cache reads + cache writes → output.
func usageLine(raw json.RawMessage) string {
	var m message
	_ = json.Unmarshal(raw, &m.Usage)
	u := m.Usage
	return fmt.Sprintf("%d+%d+%d→%d", u.Input, u.Read, u.Write, u.Output)
}

// quote is %q that leaves backquotes for JSON with quotes in it.
func quote(s string) string {
	if strings.Contains(s, `"`) && !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	return fmt.Sprintf("%q", s)
}
