package sse_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// endless delivers the same text again and again, one whole text per read.
type endless struct{ text string }

func (e endless) Read(p []byte) (int, error) { return copy(p, e.text), nil }

const chatChunk = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}` + "\n\n"

func TestReaderAllocatesNothingPerEvent(t *testing.T) {
	for _, text := range []string{
		chatChunk,
		"event: content_block_delta\r\n" + chatChunk,
		chatChunk + chatChunk + ": keep-alive\n\n" + chatChunk,
		"data: {\ndata: }\n\n",
		"data: " + strings.Repeat("x", 1500) + "\n\n",
	} {
		r := sse.NewReader(endless{text}, 0)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		allocs := testing.AllocsPerRun(1000, func() {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			r.Buffered()
		})
		if allocs != 0 {
			t.Errorf("%.40q: %v allocations per event", text, allocs)
		}
		r.Release()
	}
}

// offered notes how much space the reader offers, which shows the size of its buffer.
type offered struct {
	src  io.Reader
	last int
}

func (o *offered) Read(p []byte) (int, error) {
	o.last = len(p)
	return o.src.Read(p)
}

// heapInUse is how many bytes are reachable.
func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTrapB18LargeEventIsDeliveredAndItsMemoryGivenBack(t *testing.T) {
	for _, separator := range []string{"", "\ndata: "} {
		half := strings.Repeat("A", 3<<20)
		large := "data: " + half + separator + half + "\n\n"
		src := &offered{src: &chunked{text: chatChunk + large + chatChunk + chatChunk, sizes: []int{len(chatChunk), len(large) + len(chatChunk)}}}
		r := sse.NewReader(src, 0)
		before := heapInUse()
		next := func() sse.Event {
			t.Helper()
			ev, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			return ev
		}
		next()
		if src.last > 4<<10 {
			t.Errorf("a small event is read into %d bytes", src.last)
		}
		if ev := next(); len(ev.Raw) != len(large) || strings.Count(string(ev.Data), "A") != 6<<20 {
			t.Errorf("event of %d bytes with %d bytes of data", len(ev.Raw), len(ev.Data))
		}
		for range 2 {
			if ev := next(); string(ev.Raw) != chatChunk {
				t.Errorf("after the large event came %.80q", ev.Raw)
			}
		}
		if src.last > 4<<10 {
			t.Errorf("after the large event the buffer has %d bytes", src.last)
		}
		if kept := heapInUse() - before; kept > 1<<20 {
			t.Errorf("after the large event %d bytes of memory are still in use", kept)
		}
		runtime.KeepAlive(large)
		r.Release()
	}
}

func TestTrap119LongLineIsDelivered(t *testing.T) {
	got := collect(t, strings.NewReader("data: "+strings.Repeat("x", 300<<10)+"\n\n"), 0)
	if len(got) != 1 || len(got[0].Data) != 300<<10 || got[0].Cut {
		t.Errorf("%d events, the first with %d bytes", len(got), len(got[0].Data))
	}
}

// patient delivers single bytes until its time is up.
type patient struct {
	src      io.Reader
	deadline time.Time
	reads    int
}

func (p *patient) Read(b []byte) (int, error) {
	p.reads++
	if p.reads%4096 == 0 && time.Now().After(p.deadline) {
		return 0, errors.New("out of time")
	}
	return p.src.Read(b[:1])
}

// These take a fraction of a second, and minutes if what has arrived is looked at
// again for every byte that comes.
func TestReaderLooksAtEachByteOnce(t *testing.T) {
	const size = 4 << 20
	for _, in := range []string{
		"data: " + strings.Repeat("x", size),
		strings.Repeat(" ", size),
		"{" + strings.Repeat("\"data:\"\n", size/8),
		strings.Repeat("data: x\r", size/8),
	} {
		src := &patient{src: strings.NewReader(in), deadline: time.Now().Add(20 * time.Second)}
		got, err := collectUntilError(src, 0)
		if err != io.EOF || len(got) != 1 || got[0].Raw != in {
			t.Errorf("%.20q: %d events, %v", in, len(got), err)
		}
	}
}

func BenchmarkHundredSmallChunks(b *testing.B) {
	body := strings.Repeat(chatChunk, 100) + sse.Done
	r := sse.NewReader(nil, 0)
	src := strings.NewReader(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(body)
		r.Reset(src)
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
