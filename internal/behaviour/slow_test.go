package behaviour

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// flood answers with a stream that goes on for as long as anybody takes it, and counts its
// bytes.
func flood(sent *atomic.Int64, running *sync.WaitGroup) http.HandlerFunc {
	text := strings.Repeat("x", 32<<10)
	return func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		streaming(w)
		send(w, wireOf(r).life...)
		frame := event(strings.Replace(wireOf(r).hello, "Hello", text, 1))
		for r.Context().Err() == nil {
			n, err := io.WriteString(w, frame)
			if sent.Add(int64(n)); err != nil {
				return
			}
			flush(w)
		}
	}
}

// unread asks for a stream of which the client reads nothing.
func unread(t *testing.T, url string, d dialect, model string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := request(t, "POST", url+d.path, hello(model, true)).Write(conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

// standing waits until a count stands still for a fifth of a second, and gives it.
func standing(t *testing.T, count *atomic.Int64) (last int64) {
	t.Helper()
	still := 0
	eventually(t, "nothing more is sent", func() bool {
		now := count.Load()
		if still++; now != last || now == 0 {
			last, still = now, 0
		}
		return still == 20
	})
	return last
}

// TestManySlowReaders lets many clients read nothing of providers that never end: each
// stream holds a bounded number of bytes, and others are answered as before (pain 34).
func TestManySlowReaders(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	var sent atomic.Int64
	var running sync.WaitGroup
	d.will(flood(&sent, &running))
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 200
	if testing.Short() {
		n = 20
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = unread(t, url, dialects[i%2], []string{"chat", "messages"}[i/2%2])
	}
	total := standing(t, &sent)
	runtime.GC()
	runtime.ReadMemStats(&now)
	heap := int64(now.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d KiB sent and %d KiB of heap for each stream", total/int64(n)>>10, heap/int64(n)>>10)
	if total/int64(n) > 16<<20 { // what the kernel holds of two connections
		t.Errorf("the provider could send %d KiB to each client that does not read", total/int64(n)>>10)
	}
	if heap/int64(n) > 512<<10 {
		t.Errorf("each stream holds %d KiB of heap, both ends of two connections included", heap/int64(n)>>10)
	}
	d.will(well)
	for _, dialect := range dialects {
		checkAnswer(t, "beside slow clients, "+dialect.name, dialect, true, post(t, url+dialect.path, hello("chat", true)))
	}
	for _, c := range conns {
		c.Close()
	}
	running.Wait() // all of the provider's calls have ended
}

// TestSlowReaderIsNoFault lets a client pause for longer than a provider may be silent: the
// provider is not to blame, and the stream goes on.
func TestSlowReaderIsNoFault(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Start(t, provider("chat", "openai", d)+"\t\tmodel chat {\n\t\t\troute chat up {\n\t\t\t\ttimeout {\n\t\t\t\t\tidle 200ms\n\t\t\t\t}\n\t\t\t}\n\t\t}\n")
	for _, dialect := range dialects {
		t.Run(dialect.name, func(t *testing.T) {
			var sent atomic.Int64
			var running sync.WaitGroup
			d.will(flood(&sent, &running))
			conn := unread(t, url, dialect, "chat")
			stood := standing(t, &sent)
			time.Sleep(400 * time.Millisecond)
			conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			if n, err := io.CopyN(io.Discard, conn, stood+1<<20); err != nil {
				t.Errorf("after the pause: %v after %d of %d bytes", err, n, stood+1<<20)
			}
			conn.Close()
			running.Wait()
		})
	}
}
