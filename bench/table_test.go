package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestBodies(t *testing.T) {
	for kind, size := range map[bodyKind]int{small: 127, agent: 62 << 10, image: 2 << 20} {
		for _, w := range []wire{chat, messages} {
			body := requestBody(w, "m", &scenario{body: kind})
			if !json.Valid(body) || len(body) < size*9/10 || len(body) > size*11/10 {
				t.Errorf("%s in %s has %d bytes, not about %d", kind, w, len(body), size)
			}
			if !bytes.Contains(body, []byte(endOfPrompt)) {
				t.Errorf("%s in %s has no end", kind, w)
			}
		}
	}
}

func TestRatioIsTheMedianOverRounds(t *testing.T) {
	sub := subject{client: chat, upstream: gemini}
	found := costs{sub: {10, 40, 30}, sub.baseline(): {10, 10, 20}}
	if got := found.ratio(sub); got != 1.5 {
		t.Errorf("ratio %v", got)
	}
	if got := median([]time.Duration{4, 1, 3, 2}); got != 2 {
		t.Errorf("median of an even number %v", got)
	}
}

func TestBaselinesAreNoRows(t *testing.T) {
	for _, of := range [][]subject{subjects, accounted} {
		rows := 0
		for _, sub := range of {
			if sub.judged(of) {
				rows++
			}
			if sub.judged(of) && sub.proxy {
				t.Errorf("%s is compared with itself", sub)
			}
		}
		if rows == 0 || rows == len(of) {
			t.Errorf("%d of %d are rows", rows, len(of))
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		row  row
		want string
	}{
		{row{Ratio: 1.1, Goal: 1.2, Most: 1.5}, "reached"},
		{row{Ratio: 1.3, Goal: 1.2, Most: 1.5}, "above the goal"},
		{row{Ratio: 1.6, Goal: 1.2, Most: 1.5}, "too much"},
		{row{Ratio: 9}, ""},
	} {
		if got := test.row.verdict(); got != test.want {
			t.Errorf("%+v: %q", test.row, got)
		}
	}
	rows := []row{{Scenario: "s", Subject: "w", Ratio: 1.6, Goal: 1.2, Most: 1.5}}
	if (&options{}).judge(rows) != nil || (&options{check: true}).judge(rows) == nil {
		t.Error("only -check fails")
	}
}

func TestReplaceTable(t *testing.T) {
	document := "before\n<!-- bench begin -->\nold\n<!-- bench end -->\nafter\n<!-- bench accounts begin -->\nold\n<!-- bench accounts end -->\n"
	for name, want := range map[string]string{
		"bench":          "before\n<!-- bench begin -->\n\nnew\n\n<!-- bench end -->\nafter\n<!-- bench accounts begin -->\nold\n<!-- bench accounts end -->\n",
		"bench accounts": "before\n<!-- bench begin -->\nold\n<!-- bench end -->\nafter\n<!-- bench accounts begin -->\n\nnew\n\n<!-- bench accounts end -->\n",
	} {
		if got, err := replaceTable([]byte(document), name, []byte("new\n")); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := replaceTable([]byte("no markers"), "bench", nil); err == nil {
		t.Error("a document without markers is no error")
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	writeMarkdown(&b, []row{{Scenario: "s", Subject: "Chat → Chat", Unit: "ms", Baseline: 1, Value: 2, Ratio: 1}}, "reverse_proxy")
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 4 || len([]rune(lines[0])) != len([]rune(lines[2])) {
		t.Errorf("table\n%s", b.String())
	}
}
