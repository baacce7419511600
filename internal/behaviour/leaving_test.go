package behaviour

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// logged adds an access log in a file to a Caddyfile and a protocol without TLS.
func logged(t testing.TB, options string) (caddyfile, path string) {
	path = filepath.Join(t.TempDir(), "access.log")
	s := strings.Replace(gatewaytest.Site(options), "\txjp_gateway {", "\tlog {\n\t\toutput file "+path+"\n\t}\n\txjp_gateway {", 1)
	return strings.Replace(s, "\tadmin off\n", "\tadmin off\n\tservers {\n\t\tprotocols h1 h2c\n\t}\n", 1), path
}

// entries reads the access log.
func entries(t testing.TB, path string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var list []map[string]any
	for line := range strings.Lines(string(text)) {
		var e map[string]any
		if json.Unmarshal([]byte(line), &e) == nil && e["uri"] == nil {
			list = append(list, e)
		}
	}
	return list
}

// gone counts the log's entries of clients that went away.
func gone(t testing.TB, path string) int {
	n := 0
	for _, e := range entries(t, path) {
		if e["xjp_client_gone"] == true {
			n++
		}
	}
	return n
}

// protocols are the clients of each version of HTTP. The test closes their connections.
func protocols(t testing.TB) map[string]*http.Client {
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	clients := map[string]*http.Client{
		"HTTP/1.1": {Transport: &http.Transport{}, Timeout: 20 * time.Second},
		"HTTP/2":   {Transport: &http.Transport{Protocols: h2}, Timeout: 20 * time.Second},
	}
	t.Cleanup(func() {
		for _, client := range clients {
			client.CloseIdleConnections()
		}
	})
	return clients
}

// TestClientLeaves lets the client go in every phase: the provider's call is cancelled
// soon, and the request is accounted for once (pain 33).
func TestClientLeaves(t *testing.T) {
	d := newDouble(t)
	config, log := logged(t, providers(d)+"\t\tkeep_alive 100ms")
	url := gatewaytest.Run(t, config)
	for _, phase := range []struct {
		name   string
		path   string // "" is that of each dialect
		stream bool
		wait   string // what the client waits for before it leaves
		answer func(w http.ResponseWriter, r *http.Request)
	}{
		{"pain 33: before the provider's headers, whole", "", false, "", func(w http.ResponseWriter, r *http.Request) {}},
		{"before the provider's headers, stream", "", true, "", func(w http.ResponseWriter, r *http.Request) {}},
		{"before content", "", true, "", func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, wireOf(r).life...)
		}},
		{"in the middle of the stream", "", true, "Hello", func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, wireOf(r).life...)
			send(w, wireOf(r).hello)
		}},
		{"while frames keep the stream alive", "", true, "\n\n", func(w http.ResponseWriter, r *http.Request) {}},
		{"in the middle of a whole answer", "", false, "", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			whole(w, "{")
			flush(w)
		}},
		{"while its tokens are counted", "/v1/messages/count_tokens", false, "", func(w http.ResponseWriter, r *http.Request) {}},
	} {
		t.Run(phase.name, func(t *testing.T) {
			clients := protocols(t)
			for _, dialect := range dialects {
				for version, client := range clients {
					for _, w := range wireNames {
						path := or(phase.path, dialect.path)
						if phase.path != "" && (dialect == openai || w == "chat") {
							continue // nothing is asked upstream
						}
						where := fmt.Sprintf("%s %s to %s", version, dialect.name, w)
						cancelled, began := make(chan struct{}), make(chan struct{})
						d.will(func(w http.ResponseWriter, r *http.Request) {
							phase.answer(w, r)
							close(began)
							<-r.Context().Done()
							close(cancelled)
						})
						before := gone(t, log)
						leave(t, client, request(t, "POST", url+path, hello(w, phase.stream)), began, phase.wait)
						select {
						case <-cancelled:
						case <-time.After(5 * time.Second):
							t.Fatalf("%s: the provider's call goes on", where)
						}
						eventually(t, where+": the request is settled", func() bool { return gone(t, log) == before+1 })
					}
				}
			}
		})
	}
	t.Run("each is settled once", func(t *testing.T) {
		ids := map[any]int{}
		for _, e := range entries(t, log) {
			if id := e["xjp_request_id"]; id != nil {
				if ids[id]++; ids[id] > 1 {
					t.Errorf("%v is logged %d times", id, ids[id])
				}
			}
		}
		if len(ids) == 0 {
			t.Error("no entry")
		}
	})
}

// leave makes a request and goes when the provider has begun and the awaited text is there.
func leave(t *testing.T, client *http.Client, r *http.Request, began chan struct{}, wait string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	seen, left := make(chan struct{}), make(chan struct{})
	defer func() { cancel(); <-left }()
	go func() {
		defer close(left)
		res, err := client.Do(r.WithContext(ctx))
		if err != nil {
			return
		}
		defer res.Body.Close()
		got, awaited := "", wait
		buf := make([]byte, 4096)
		for {
			n, err := res.Body.Read(buf)
			if got += string(buf[:n]); awaited != "" && strings.Contains(got, awaited) {
				close(seen)
				awaited = ""
			}
			if err != nil {
				return
			}
		}
	}()
	if <-began; wait == "" {
		time.Sleep(20 * time.Millisecond) // let the gateway read what was sent
		return
	}
	select {
	case <-seen:
	case <-time.After(10 * time.Second):
		t.Errorf("the client never got %q", wait)
	}
}

// TestClientLeavesInUpload lets the client go before its request is there.
func TestClientLeavesInUpload(t *testing.T) {
	d := newDouble(t)
	config, log := logged(t, providers(d))
	url := gatewaytest.Run(t, config)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Length: 5000\r\n\r\n{\"model\":", gatewaytest.Key)
	time.Sleep(20 * time.Millisecond)
	conn.Close()
	eventually(t, "the request is settled", func() bool { return gone(t, log) == 1 })
	if n := len(d.asked()); n != 0 {
		t.Errorf("the provider was called %d times", n)
	}
}

// TestNothingIsLeft checks that clients that leave take nothing with them: what their
// bodies held of the allowance is given back, and nothing runs on.
func TestNothingIsLeft(t *testing.T) {
	d := newDouble(t)
	url := gatewaytest.Run(t, strings.Replace(gatewaytest.Site(providers(d)), "\tadmin off\n", "\tadmin off\n\txjp {\n\t\tmax_bodies 1MB\n\t}\n", 1))
	post(t, url+openai.path, hello("chat", true)) // what is made once is there
	running := runtime.NumGoroutine()
	client := protocols(t)["HTTP/1.1"]
	for i := range 30 {
		began := make(chan struct{})
		d.will(func(w http.ResponseWriter, r *http.Request) {
			if i%3 > 0 {
				streaming(w)
				send(w, wireOf(r).life...)
			}
			if i%3 > 1 {
				send(w, wireOf(r).hello)
			}
			close(began)
			stall(r)
		})
		body := strings.Replace(padded(200_000), `{"model":"chat"`, `{"stream":`+fmt.Sprint(i%2 == 0)+`,"model":"`+wireNames[i%3]+`"`, 1)
		leave(t, client, request(t, "POST", url+dialects[i%2].path, body), began, "")
	}
	client.CloseIdleConnections()
	d.will(well)
	eventually(t, "all that was held is given back", func() bool {
		return post(t, url+openai.path, padded(900_000)).status == 200
	})
	http.DefaultClient.CloseIdleConnections()
	eventually(t, "nothing runs on", func() bool { return runtime.NumGoroutine() <= running+10 })
}

// TestSlowReader checks that a client that does not read holds the provider back, instead
// of filling memory.
func TestSlowReader(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, dialect := range dialects {
		for _, wire := range []string{"chat", "messages"} {
			t.Run(name(dialect.name, "to", wire), func(t *testing.T) {
				const total = 64 << 20
				text := strings.Repeat("x", 32<<10)
				sent := make(chan int, 1)
				ended := make(chan struct{})
				d.will(func(w http.ResponseWriter, r *http.Request) {
					defer close(ended)
					streaming(w)
					send(w, wireOf(r).life...)
					frame, n := event(strings.Replace(wireOf(r).hello, "Hello", text, 1)), 0
					for n < total && r.Context().Err() == nil {
						k, err := io.WriteString(w, frame)
						if n += k; err != nil {
							break
						}
						flush(w)
						select {
						case <-sent:
						default:
						}
						sent <- n
					}
				})
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				res, err := http.DefaultClient.Do(request(t, "POST", url+dialect.path, hello(wire, true)).WithContext(ctx))
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil {
					t.Fatal(line, err)
				}
				n, still := 0, 0
				for still < 10 { // until nothing more is sent
					time.Sleep(20 * time.Millisecond)
					select {
					case n = <-sent:
						still = 0
					default:
						still++
					}
				}
				if n > total/2 {
					t.Errorf("the provider could send %d MiB to a client that does not read", n>>20)
				}
				cancel()
				select {
				case <-ended:
				case <-time.After(5 * time.Second):
					t.Error("the provider's call goes on")
				}
			})
		}
	}
}

// TestClientLeavesItsAnswer lets the client go while a whole answer is written to it: the
// access log says that it has gone, and the provider, which has answered, is not blamed.
func TestClientLeavesItsAnswer(t *testing.T) {
	d := newDouble(t)
	config, log := logged(t, providers(d)+"\t\tmodel hedged {\n\t\t\thedge 5s\n\t\t\troute chat up\n\t\t\troute messages up\n\t\t}")
	url := gatewaytest.Run(t, config)
	long := strings.Repeat("word after word ", 1<<20)
	d.will(func(w http.ResponseWriter, r *http.Request) {
		kept := httptest.NewRecorder()
		well(kept, r)
		whole(w, strings.Replace(kept.Body.String(), "Hello", long, 1))
	})
	for _, model := range append(wireNames, "hedged") {
		for _, dialect := range dialects {
			before := gone(t, log)
			conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			body := hello(model, false)
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", dialect.path, gatewaytest.Key, len(body), body)
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.Contains(line, "200") {
				t.Fatalf("%q, %v", line, err)
			}
			conn.Close()
			eventually(t, dialect.name+" to "+model+": the client is known to have gone", func() bool { return gone(t, log) == before+1 })
		}
	}
}
