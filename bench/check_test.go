package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"
)

// answered lets an audit look at a whole answer, cut into pieces.
func answered(w wire, stream bool, body string) error {
	a := audit{client: w, stream: stream, chunks: 5}
	for i := 0; i < len(body); i += 7 {
		a.got = append(a.got, body[i:min(len(body), i+7)]...)
		a.arrived(0)
	}
	return a.finish()
}

func streamed(w wire) string {
	return strings.Join(streamRecords(w, 5), "")
}

func TestAudit(t *testing.T) {
	for _, test := range []struct {
		name string
		w    wire
		edit func(string) string
		want string
	}{
		{"a complete Chat stream passes", chat, func(s string) string { return s }, ""},
		{"a complete Messages stream passes", messages, func(s string) string { return s }, ""},
		{"missing text is found", chat, func(s string) string { return strings.Replace(s, token(3), "", 1) }, "missing from chunk 3"},
		{"text in the wrong order is found", chat, func(s string) string {
			return strings.NewReplacer(token(1), token(2), token(2), token(1)).Replace(s)
		}, "missing from chunk 2"},
		{"text told twice is found", messages, func(s string) string { return strings.Replace(s, token(4), token(4)+token(4), 1) }, "6 pieces"},
		{"a missing terminator is found", chat, func(s string) string { return strings.TrimSuffix(s, "data: [DONE]\n\n") }, "[DONE]"},
		{"a second terminator is found", chat, func(s string) string { return s + "data: [DONE]\n\n" }, "2 times"},
		{"a missing message_stop is found", messages, func(s string) string { return s[:strings.Index(s, "event: message_stop")] }, "message_stop"},
		{"something behind the terminator is found", messages, func(s string) string { return s + ": more\n\n" }, "terminator"},
		{"a missing reason to stop is found", chat, func(s string) string { return strings.Replace(s, `"stop"`, "null", 1) }, "finish_reason"},
		{"missing usage is found", chat, func(s string) string { return strings.Replace(s, `"prompt_tokens":1234,`, "", 1) }, "prompt_tokens"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := answered(test.w, true, test.edit(streamed(test.w)))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	for _, w := range []wire{chat, messages} {
		if err := answered(w, false, wholeAnswer(w, 5)); err != nil {
			t.Errorf("whole answer of %s: %v", w, err)
		}
	}
}

func TestAuditMeasuresDelays(t *testing.T) {
	a := audit{client: chat, stream: true, chunks: 1}
	text := []byte(token(0))
	stamp(text[len(tokenMark(0)):])
	a.got = text
	a.arrived(time.Since(epoch) + time.Second)
	if len(a.delays) != 1 || a.delays[0] < time.Second || a.delays[0] > 2*time.Second {
		t.Errorf("delays %v", a.delays)
	}
}

func TestHeldBackChunkIsFound(t *testing.T) {
	s := &scenario{pace: 20 * time.Millisecond}
	sub := subjects[1]
	h := newHeldBack(s)
	for _, delays := range [][]time.Duration{{time.Millisecond, 25 * time.Millisecond}, {30 * time.Millisecond, 21 * time.Millisecond}} {
		h.look(&fleet{subject: sub, clients: []*client{{audit: audit{delays: delays}}}})
	}
	var found faults
	h.report(&found)
	if len(found.what) != 1 {
		t.Fatalf("found %v", found.what)
	}
	for what := range found.what {
		if !strings.Contains(what, "chunk 1 is held back") {
			t.Errorf("found %q", what)
		}
	}
}

func TestMockAnswersAreHTTP(t *testing.T) {
	for _, w := range wires {
		s := &scenario{stream: true, chunks: 5}
		in := bufio.NewReader(bytes.NewReader(newAnswer(w, s).whole))
		h, err := readHead(in)
		if err != nil || !h.chunked {
			t.Fatalf("%s: head %+v, %v", w, h, err)
		}
		body, err := h.readBody(in, nil)
		if err != nil || string(body) != streamed(w) {
			t.Errorf("%s: body %q, %v", w, body, err)
		}
	}
}
