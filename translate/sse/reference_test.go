package sse_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// record is an event copied out of the reader.
type record struct {
	Name, Data, Raw    string
	HasName, HasData   bool
	Comment, Bare, Cut bool
}

func (r record) String() string {
	var b strings.Builder
	if r.HasName {
		fmt.Fprintf(&b, "name=%q ", r.Name)
	}
	if r.HasData {
		fmt.Fprintf(&b, "data=%q ", r.Data)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{r.Comment, "comment "}, {r.Bare, "bare "}, {r.Cut, "cut "}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

func copied(ev sse.Event) record {
	return record{
		Name: string(ev.Name), Data: string(ev.Data), Raw: string(ev.Raw),
		HasName: ev.Name != nil, HasData: ev.Data != nil,
		Comment: ev.Comment, Bare: ev.Bare, Cut: ev.Cut,
	}
}

// collect reads all events of a source and fails on any end but io.EOF.
func collect(t fatal, src io.Reader, limit int) []record {
	t.Helper()
	all, err := collectUntilError(src, limit)
	if !errors.Is(err, io.EOF) {
		t.Fatalf("stream ended with %v", err)
	}
	return all
}

func collectUntilError(src io.Reader, limit int) ([]record, error) {
	r := sse.NewReader(src, limit)
	defer r.Release()
	var all []record
	for {
		ev, err := r.Next()
		if err != nil {
			return all, err
		}
		all = append(all, copied(ev))
	}
}

// fatal is what testing.T and rapid.T have in common here.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

func requireSame(t fatal, what string, got, want []record) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Fatalf("%s: event %d is missing: %v", what, i, want[i])
		case i >= len(want):
			t.Fatalf("%s: event %d is not expected: %v", what, i, got[i])
		case got[i] != want[i]:
			t.Fatalf("%s: event %d\n got %+v\nwant %+v", what, i, got[i], want[i])
		}
	}
}

// chunked delivers its text in reads of the given sizes, then what is left at once.
type chunked struct {
	text  string
	sizes []int
	reads int
}

func (c *chunked) Read(p []byte) (int, error) {
	c.reads++
	if c.text == "" {
		return 0, io.EOF
	}
	n := len(c.text)
	if len(c.sizes) > 0 {
		n = min(n, c.sizes[0])
	}
	n = copy(p[:min(n, len(p))], c.text)
	c.text = c.text[n:]
	if len(c.sizes) > 0 {
		if c.sizes[0] -= n; c.sizes[0] <= 0 {
			c.sizes = c.sizes[1:]
		}
	}
	return n, nil
}

// textLine is a line of a stream with the bytes that end it.
type textLine struct{ text, end string }

// reference is the slow and obvious form of the Reader, given the whole stream.
func reference(input string) []record {
	var all []record
	lines := splitLines(strings.TrimPrefix(input, "\uFEFF"))
	for len(lines) > 0 {
		n := recordLength(lines)
		all = append(all, readRecord(lines[:n], n == len(lines)))
		lines = lines[n:]
	}
	return all
}

func splitLines(input string) []textLine {
	var lines []textLine
	for input != "" {
		i := strings.IndexAny(input, "\r\n")
		if i < 0 {
			return append(lines, textLine{text: input})
		}
		n := 1
		afterLoneCR := len(lines) > 0 && lines[len(lines)-1].end == "\r"
		if strings.HasPrefix(input[i:], "\r\n") && !(i == 0 && afterLoneCR) {
			n = 2
		}
		lines = append(lines, textLine{input[:i], input[i : i+n]})
		input = input[i+n:]
	}
	return lines
}

func trimBlanks(s string) string { return strings.TrimLeft(s, " \t") }

func startsJSON(s string) bool {
	return strings.HasPrefix(trimBlanks(s), "{") || strings.HasPrefix(trimBlanks(s), "[")
}

// leadingComments is how many comment lines a stream begins with.
func leadingComments(lines []textLine) int {
	n := 0
	for n < len(lines) && strings.HasPrefix(trimBlanks(lines[n].text), ":") {
		n++
	}
	return n
}

// recordLength is how many lines the first record has.
func recordLength(lines []textLine) int {
	n := leadingComments(lines)
	if n == len(lines) {
		return n
	}
	if startsJSON(lines[n].text) {
		for n++; n < len(lines); n++ {
			for _, begin := range []string{"data:", "event:", ":"} {
				if strings.HasPrefix(lines[n].text, begin) {
					return n
				}
			}
		}
		return n
	}
	if trimBlanks(lines[n].text) == "" {
		return n + 1
	}
	for n < len(lines) && lines[n].text != "" {
		n++
	}
	return min(n+1, len(lines))
}

func readRecord(lines []textLine, last bool) record {
	var r record
	for _, l := range lines {
		r.Raw += l.text + l.end
	}
	fields := lines[leadingComments(lines):]
	switch {
	case len(fields) == 0:
		r.Comment, r.Cut = true, true
		return r
	case trimBlanks(fields[0].text) == "":
		r.Comment = true
		return r
	case startsJSON(fields[0].text):
		var doc string
		for _, l := range fields {
			doc += l.text + l.end
		}
		r.Bare, r.HasData, r.Cut = true, true, last
		r.Data = strings.TrimRight(trimBlanks(doc), " \t\r\n")
		return r
	}
	var data []string
	for i, l := range fields {
		text := l.text
		if i == 0 {
			text = trimBlanks(text)
		}
		name, value, _ := strings.Cut(text, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "data":
			data = append(data, value)
		case "event":
			r.Name, r.HasName = value, true
		}
	}
	r.Data, r.HasData = strings.Join(data, "\n"), data != nil
	r.Cut = fields[len(fields)-1].text != ""
	return r
}

// pieces are what generated streams are made of.
var pieces = []string{
	"data: one", "data:{\"a\":1}", "data:", "data", "data:  two", "data: é😀\u2028", "event: delta", "event:",
	"event", ": comment", ":", "id: 7", "retry: 10", "unknown: x", "dat", "even", "d", "e", "{\"error\":{", "}}", "[1,", "]",
	"{", " ", "\t", "   ", "\n", "\n", "\n\n", "\r\n", "\r\n", "\r\n\r\n", "\r", "\r\r", "\uFEFF", "\xEF", "\x00", "\x80",
}

func TestReferenceReadsTheStandardsExample(t *testing.T) {
	got := reference("data: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event")
	want := []string{`data="first event"`, `data="second event"`, `data=" third event" cut`}
	for i, w := range want {
		if got[i].String() != w {
			t.Errorf("event %d is %v, not %s", i, got[i], w)
		}
	}
}
