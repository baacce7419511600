package sse_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

func TestAppend(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"chat record", string(sse.AppendEvent(nil, "", []byte(`{}`))), "data: {}\n\n"},
		{"trap 116: messages record", string(sse.AppendEvent([]byte("x"), "ping", []byte(`{"type":"ping"}`))), "xevent: ping\ndata: {\"type\":\"ping\"}\n\n"},
		{"comment", string(sse.AppendComment([]byte("x"), "keep-alive")), "x: keep-alive\n\n"},
		{"open and close", string(sse.AppendClose(append(sse.AppendOpen(nil, "e"), '1'))), "event: e\ndata: 1\n\n"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, not %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	var b []byte
	b = sse.AppendComment(b, "keep-alive")
	b = sse.AppendEvent(b, "ping", []byte(`{"type":"ping"}`))
	b = sse.AppendEvent(b, "", []byte(" leading space"))
	b = append(b, sse.Done...)
	var got []string
	for _, r := range collect(t, strings.NewReader(string(b)), 0) {
		got = append(got, r.String())
	}
	want := []string{"comment", `name="ping" data="{\"type\":\"ping\"}"`, `data=" leading space"`, `data="[DONE]"`}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %v", got)
	}
}

func TestAppendAllocatesNothingIntoARoomyBuffer(t *testing.T) {
	buf := make([]byte, 0, 256)
	data := []byte(`{"type":"ping"}`)
	if n := testing.AllocsPerRun(100, func() {
		buf = sse.AppendEvent(buf[:0], "ping", data)
		buf = sse.AppendComment(buf, "keep-alive")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
