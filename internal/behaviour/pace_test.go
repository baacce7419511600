package behaviour

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// ends are the last frames of a good stream, after which the body stays open.
var ends = map[string][]string{"chat": chatStream[3:], "messages": messagesStream[4:], "gemini": {geminiWhole}}

// TestPace lets the provider send each piece only when the client has the one before it:
// whatever is held back ends in silence.
func TestPace(t *testing.T) {
	d := newDouble(t)
	config, _ := logged(t, providers(d))
	url := gatewaytest.Run(t, config)
	for version, client := range protocols(t) {
		for _, dialect := range dialects {
			for _, w := range wireNames {
				t.Run(name("CC25: nothing is held back,", version, dialect.name, "to", w), func(t *testing.T) {
					next := make(chan struct{}, 1)
					d.will(func(rw http.ResponseWriter, r *http.Request) {
						streaming(rw)
						send(rw, wires[w].life...)
						for i := range 20 {
							send(rw, strings.Replace(wires[w].hello, "Hello", fmt.Sprintf("piece %d.", i), 1))
							select {
							case <-next:
							case <-r.Context().Done():
								return
							}
						}
						send(rw, ends[w]...)
						if w != "gemini" { // whose streams end with their body
							stall(r)
						}
					})
					res, err := client.Do(request(t, "POST", url+dialect.path, hello(w, true)))
					if err != nil {
						t.Fatal(err)
					}
					defer res.Body.Close()
					checkStreamHeaders(t, res)
					got, buf, i := "", make([]byte, 64<<10), 0
					for {
						n, err := res.Body.Read(buf)
						got += string(buf[:n])
						for i < 20 && strings.Contains(got, fmt.Sprintf("piece %d.", i)) {
							i++
							next <- struct{}{}
						}
						if err == io.EOF {
							break
						}
						if err != nil {
							t.Fatalf("after %d pieces: %v", i, err)
						}
					}
					if s := read(got, dialect, true); i != 20 || !s.ended || s.failed {
						t.Errorf("%d pieces, %+v in %s", i, s, got)
					}
				})
			}
		}
	}
}

// checkStreamHeaders checks the headers of an event stream.
func checkStreamHeaders(t *testing.T, res *http.Response) {
	t.Helper()
	for header, want := range map[string]string{
		"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
		"Incremental": "?1", "Content-Length": "", "Content-Encoding": "",
	} {
		if got := res.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("X-Request-Id"), "req_") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// TestFewFlushes checks that what the provider sends at once goes on at once.
func TestFewFlushes(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	d.will(func(w http.ResponseWriter, r *http.Request) {
		frames, hello := "", wireOf(r).hello
		for _, f := range wireOf(r).life {
			frames += event(f)
		}
		for range 20 {
			frames += event(hello)
		}
		for _, f := range ends[wireOf(r).name] {
			frames += event(f)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Length", fmt.Sprint(len(frames)))
		io.WriteString(w, frames)
	})
	for _, dialect := range dialects {
		for _, w := range wireNames {
			t.Run(name(dialect.name, "to", w), func(t *testing.T) {
				conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				body := hello(w, true)
				fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", dialect.path, gatewaytest.Key, len(body), body)
				raw, err := io.ReadAll(conn)
				if err != nil {
					t.Fatal(err)
				}
				_, rest, _ := strings.Cut(string(raw), "\r\n\r\n")
				chunks, r := 0, bufio.NewReader(strings.NewReader(rest))
				for {
					size := 0
					if _, err := fmt.Fscanf(r, "%x\r\n", &size); err != nil || size == 0 {
						break
					}
					r.Discard(size + 2)
					chunks++
				}
				if chunks < 1 || chunks > 4 {
					t.Errorf("%d pieces for 20 events that came at once:\n%s", chunks, rest)
				}
			})
		}
	}
}

// TestLongStream checks that memory does not grow with a stream (pain 34).
func TestLongStream(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	const pieces, size = 3200, 32 << 10 // 100 MiB
	text := strings.Repeat("lorem ipsum ", size/12)
	for _, dialect := range dialects {
		t.Run(name("pain 34: 100 MiB in bounded memory,", dialect.name), func(t *testing.T) {
			d.will(func(w http.ResponseWriter, r *http.Request) {
				streaming(w)
				send(w, wireOf(r).life...)
				frame := event(strings.Replace(wireOf(r).hello, "Hello", text, 1))
				for range pieces {
					io.WriteString(w, frame)
				}
				send(w, ends["chat"]...)
			})
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			res, err := http.DefaultClient.Do(request(t, "POST", url+dialect.path, hello("chat", true)))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var read, most int64
			buf, tail := make([]byte, 256<<10), ""
			for steps := 0; ; steps++ {
				n, err := res.Body.Read(buf)
				read += int64(n)
				tail = (tail + string(buf[max(0, n-500):n]))
				tail = tail[max(0, len(tail)-500):]
				if steps%200 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, int64(now.HeapAlloc)-int64(before.HeapAlloc))
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if read < pieces*int64(len(text)) {
				t.Errorf("only %d bytes came", read)
			}
			if !strings.Contains(tail, "[DONE]") && !strings.Contains(tail, "message_stop") {
				t.Errorf("the end is %q", tail)
			}
			if most > 32<<20 {
				t.Errorf("%d MiB were in use", most>>20)
			}
		})
	}
}
