package sse_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

func TestReaderEvents(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty stream", "", nil},
		{"one record", "data: x\n\n", []string{`data="x"`}},
		{"trap 118: no space after data", "data:{\"a\":1}\n\n", []string{`data="{\"a\":1}"`}},
		{"one space only is taken away", "data:  x\n\n", []string{`data=" x"`}},
		{"event line", "event: ping\ndata: {}\n\n", []string{`name="ping" data="{}"`}},
		{"event line after the data", "data: {}\nevent: ping\n\n", []string{`name="ping" data="{}"`}},
		{"last event line counts", "event: a\nevent: b\ndata: 1\n\n", []string{`name="b" data="1"`}},
		{"several data lines", "data: {\ndata:  \"a\":1\ndata: }\n\n", []string{`data="{\n \"a\":1\n}"`}},
		{"other fields between data lines", "data: 1\nid: x\n: c\ndata: 2\n\n", []string{`data="1\n2"`}},
		{"empty data", "data:\n\n", []string{`data=""`}},
		{"data without colon", "data\n\n", []string{`data=""`}},
		{"empty data lines", "data\ndata:\n\n", []string{`data="\n"`}},
		{"field names are matched whole", "database: x\ndat: y\nevents: z\n\n", []string{``}},
		{"id and retry are no data", "id: 1\nretry: 5\n\n", []string{``}},
		{"event without data", "event: done\n\n", []string{`name="done"`}},
		{"trap B17: CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", []string{`name="a" data="1"`, `data="2"`}},
		{"trap B17: CRLF, several data lines", "data: 1\r\ndata: 2\r\n\r\n", []string{`data="1\n2"`}},
		{"lone CR", "event: a\rdata: 1\rdata: 2\r\rdata: 3\r\r", []string{`name="a" data="1\n2"`, `data="3"`}},
		{"mixed line ends", "data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r", []string{`data="1"`, `data="2"`, `data="3"`}},
		{"trap D1: comments before and between", ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: 1\n\n:\n\ndata: 2\n\n",
			[]string{`comment`, `comment`, `data="1"`, `comment`, `data="2"`}},
		{"trap D1: comment inside a record", ": c\ndata: 1\n\n", []string{`data="1"`}},
		{"blank lines", "\n\r\n  \n\t\ndata: 1\n\n\ndata: 2\n\n", []string{`comment`, `comment`, `comment`, `comment`, `data="1"`, `comment`, `data="2"`}},
		{"white space before the first record", "     data: 1\n\n", []string{`data="1"`}},
		{"white space before a later line is part of the name", "data: 1\n data: 2\n\n", []string{`data="1"`}},
		{"byte order mark", "\uFEFFdata: 1\n\n\uFEFFdata: 2\n\n", []string{`data="1"`, ``}},
		{"half a byte order mark", "\xEF\xBB", []string{`cut`}},
		{"final record without blank line", "data: 1\n\ndata: [DONE]\n", []string{`data="1"`, `data="[DONE]" cut`}},
		{"final record without line end", "data: 1\n\ndata: [DONE]", []string{`data="1"`, `data="[DONE]" cut`}},
		{"final blank line is a CR", "data: 1\r\n\r", []string{`data="1"`}},
		{"CR at the end", "data: 1\r", []string{`data="1" cut`}},
		{"broken off in data", `data: {"a":"b`, []string{`data="{\"a\":\"b" cut`}},
		{"broken off in a comment", ": keep", []string{`comment cut`}},
		{"not a stream at all", "<html>\n<body>", []string{`cut`}},
		{"bare object", `{"error":{"code":429}}`, []string{`data="{\"error\":{\"code\":429}}" bare cut`}},
		{"bare object over lines", "{\n  \"error\": {\n\n    \"data\": 1\n  }\n}\n\n", []string{`data="{\n  \"error\": {\n\n    \"data\": 1\n  }\n}" bare cut`}},
		{"bare array of errors", "[{\r\n  \"error\": {}\r\n}\r\n]\r\n", []string{`data="[{\r\n  \"error\": {}\r\n}\r\n]" bare cut`}},
		{"bare object after blanks", "\n         \n  {}\n", []string{`comment`, `comment`, `data="{}" bare cut`}},
		{"Google error inside a stream", "data: {\"a\":1}\r\n\r\n{\"error\":{}}", []string{`data="{\"a\":1}"`, `data="{\"error\":{}}" bare cut`}},
		{"stream goes on after a bare object", "{\n}\ndata: 1\n\n[\n\n]\nevent: e\ndata: 2\n\n",
			[]string{`data="{\n}" bare`, `data="1"`, `data="[\n\n]" bare`, `name="e" data="2"`}},
		{"keep-alive after a bare object", "{}\n\n: keep-alive\n\n", []string{`data="{}" bare`, `comment`}},
		{"comment before a bare object", ": OPENROUTER PROCESSING\n{}", []string{`data="{}" bare cut`}},
		{"a brace inside a record is no document", "event: a\n{\ndata: 1\n\n", []string{`name="a" data="1"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, delivery := range []struct {
				name string
				src  io.Reader
			}{
				{"whole", strings.NewReader(tt.in)},
				{"by byte", iotest.OneByteReader(strings.NewReader(tt.in))},
				{"end with the data", iotest.DataErrReader(strings.NewReader(tt.in))},
			} {
				got := collect(t, delivery.src, 0)
				for i, w := range tt.want {
					if i < len(got) && got[i].String() != w {
						t.Errorf("%s: event %d is %v, not %s", delivery.name, i, got[i], w)
					}
				}
				if len(got) != len(tt.want) {
					t.Errorf("%s: %d events, not %d: %v", delivery.name, len(got), len(tt.want), got)
				}
			}
			requireSame(t, "reference", reference(tt.in), collect(t, strings.NewReader(tt.in), 0))
		})
	}
}

// A record must not wait for bytes that follow it, or each chunk of a paced stream
// is held back until the next one comes.
func TestReaderReturnsRecordsAsSoonAsTheyEnd(t *testing.T) {
	for _, record := range []string{"data: 1\n\n", "data: 1\r\n\r\n", "data: 1\r\r", ": c\n\n", "\n"} {
		feed := &chunked{text: record + record + record, sizes: []int{len(record), len(record), len(record)}}
		r := sse.NewReader(feed, 0)
		for want := 1; want <= 3; want++ {
			ev, err := r.Next()
			if err != nil || string(ev.Raw) != record {
				t.Fatalf("%q: event %q, %v", record, ev.Raw, err)
			}
			if feed.reads != want {
				t.Errorf("%q: event %d took %d reads", record, want, feed.reads)
			}
		}
		r.Release()
	}
}

func TestReaderLimit(t *testing.T) {
	const limit = 100
	line := func(n int) string { return "data: " + strings.Repeat("x", n-len("data: \n\n")) + "\n\n" }
	tests := []struct {
		name, in string
		events   int
		tooLarge bool
	}{
		{"at the limit", line(limit) + line(limit), 2, false},
		{"one byte above", line(20) + line(limit+1), 1, true},
		{"far above, unfinished", line(20) + "data: " + strings.Repeat("x", 70_000), 1, true},
		{"many short lines", strings.Repeat("data: x\n", 50), 0, true},
		{"blank lines are no event together", strings.Repeat("\n", 3*limit), 3 * limit, false},
		{"CRLF at the limit", strings.Replace(line(limit-2), "\n\n", "\r\n\r\n", 1), 1, false},
		{"CRLF one byte above", strings.Replace(line(limit-1), "\n\n", "\r\n\r\n", 1), 0, true},
		{"bare at the limit, stream goes on", "{" + strings.Repeat("\n", limit-1) + line(limit), 2, false},
		{"bare above the limit", "{" + strings.Repeat("\n", limit) + line(limit), 0, true},
		{"end of stream above the limit", "data: " + strings.Repeat("x", limit-5), 0, true},
		{"end of stream at the limit", "data: " + strings.Repeat("x", limit-6), 1, false},
	}
	for _, tt := range tests {
		for _, src := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			got, err := collectUntilError(src, limit)
			if errors.Is(err, sse.ErrTooLarge) != tt.tooLarge || len(got) != tt.events {
				t.Errorf("%s: %d events, %v", tt.name, len(got), err)
			}
		}
	}
}

func TestReaderErrorsStay(t *testing.T) {
	r := sse.NewReader(strings.NewReader("data: 123456789\n\ndata: 1\n\n"), 10)
	for range 3 {
		if r.Buffered() {
			t.Error("an event above the limit counts as buffered")
		}
		if _, err := r.Next(); err != sse.ErrTooLarge {
			t.Errorf("Next returned %v", err)
		}
	}
}

func TestReaderPassesOnTheSourcesError(t *testing.T) {
	reset := errors.New("connection reset")
	got, err := collectUntilError(io.MultiReader(strings.NewReader("data: 1\n\ndata: {\"a"), iotest.ErrReader(reset)), 0)
	if err != reset {
		t.Errorf("ended with %v", err)
	}
	if len(got) != 2 || got[0].Cut || got[1].String() != `data="{\"a" cut` {
		t.Errorf("events: %v", got)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestReaderGivesUpOnASilentSource(t *testing.T) {
	if _, err := sse.NewReader(silent{}, 0).Next(); err != io.ErrNoProgress {
		t.Errorf("Next returned %v", err)
	}
}

func TestReaderReset(t *testing.T) {
	r := sse.NewReader(strings.NewReader("event: a\ndata: 1\ndata: 2\n\ndata: left over\n\n{"), 0)
	first, err := r.Next()
	if err != nil || string(first.Data) != "1\n2" {
		t.Fatalf("first stream: %+v, %v", first, err)
	}
	r.Reset(strings.NewReader("\uFEFFdata: 3\n\n"))
	second, err := r.Next()
	if err != nil || copied(second).String() != `data="3"` {
		t.Errorf("second stream: %+v, %v", second, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("second stream ended with %v", err)
	}
}

func TestReaderRelease(t *testing.T) {
	r := sse.NewReader(strings.NewReader("data: 1\n\ndata: 2\n\n"), 0)
	r.Release()
	if _, err := r.Next(); err == nil || r.Buffered() {
		t.Errorf("released reader goes on: %v", err)
	}
	r.Release()
	r.Reset(strings.NewReader("data: 3\n\n"))
	if ev, err := r.Next(); err != nil || string(ev.Data) != "3" {
		t.Errorf("after Reset: %+v, %v", ev, err)
	}
	r.Release()
}

func TestDone(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{sse.Done, true},
		{"data:[DONE]\r\n\r\n", true},
		{"data: [DONE] \n", true}, // seen from Groq and OpenRouter
		{"[DONE]", true},
		{"data: {\"text\":\"[DONE]\"}\n\n", false},
		{": [DONE]\n\n", false},
	}
	for _, tt := range tests {
		ev, err := sse.NewReader(strings.NewReader(tt.in), 0).Next()
		if err != nil || ev.Done() != tt.want {
			t.Errorf("%q: Done is %v, %v", tt.in, ev.Done(), err)
		}
	}
}

func TestBufferedLeavesTheEventAlone(t *testing.T) {
	r := sse.NewReader(strings.NewReader("event: a\ndata: 1\ndata: 2\n\nevent: b\ndata: 3\ndata: 4\n\n"), 0)
	ev, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	before := copied(ev)
	if !r.Buffered() {
		t.Error("the second event is not buffered")
	}
	if copied(ev) != before {
		t.Errorf("event became %v", copied(ev))
	}
}
