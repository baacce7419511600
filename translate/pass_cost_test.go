package translate_test

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
)

// messagesFlow is a stream of Messages under way: step passes one more event of text, and
// out is what the client gets of it.
type messagesFlow struct {
	step func()
	out  []byte
	raw  []byte
}

func newMessagesFlow() *messagesFlow {
	pass := anthropic.Dialect{}.NewPass(passing(true, true))
	name, data := []byte("content_block_delta"), []byte(spoken)
	f := &messagesFlow{raw: []byte(events(spoken))}
	f.out, _ = pass.Record(make([]byte, 0, 4096), []byte("message_start"), []byte(begun), []byte(events(begun)))
	f.step = func() { f.out, _ = pass.Record(f.out[:0], name, data, f.raw) }
	return f
}

// An event of text that passes costs no allocation.
func TestPassedEventsAllocate(t *testing.T) {
	f := newMessagesFlow()
	if n := testing.AllocsPerRun(200, f.step); n > 0 {
		t.Errorf("%v allocations for an event, want none", n)
	}
	if string(f.out) != string(f.raw) {
		t.Errorf("the event became %s", f.out)
	}
}

// BenchmarkMessagesEvent measures an event of text that passes.
func BenchmarkMessagesEvent(b *testing.B) {
	f := newMessagesFlow()
	b.ReportAllocs()
	b.SetBytes(int64(len(f.raw)))
	for b.Loop() {
		f.step()
	}
}
