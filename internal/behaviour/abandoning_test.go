package behaviour

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// everywhere runs a gateway on every version of HTTP, with an access log in a file. app are
// options of the xjp app, servers those of the servers.
func everywhere(t *testing.T, app, servers string) (clients map[string]*abandoner, log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "access.log")
	port := gatewaytest.FreePort(t)
	url := gatewaytest.Run(t, strings.NewReplacer("{dir}", dir, "{log}", log, "{tls}", fmt.Sprint(port), "{app}", app, "{servers}", servers, "{key}", gatewaytest.Key).Replace(`{
	admin off
	persist_config off
	skip_install_trust
	local_certs
	auto_https disable_redirects
	default_sni 127.0.0.1
	storage file_system {dir}
	log {
		output discard
	}
	servers {
		protocols h1 h2 h2c h3
{servers}
	}
	xjp {
		key {key}
		log_filter ok
		breaker off
{app}
	}
}
(gateway) {
	bind 127.0.0.1
	log {
		output file {log}
	}
	xjp_gateway
}
http://127.0.0.1:{port} {
	import gateway
}
https://127.0.0.1:{tls} {
	import gateway
}
`))
	secure := fmt.Sprintf("https://127.0.0.1:%d", port)
	trusting := func() *tls.Config { return &tls.Config{InsecureSkipVerify: true} } // an authority made for this test
	h1, h2, h2c := new(http.Protocols), new(http.Protocols), new(http.Protocols)
	h1.SetHTTP1(true)
	h2.SetHTTP2(true)
	h2c.SetUnencryptedHTTP2(true)
	quic := &http3.Transport{TLSClientConfig: trusting()}
	t.Cleanup(func() { quic.Close() })
	clients = map[string]*abandoner{
		"HTTP/1.1":          {url, &http.Transport{Protocols: h1}},
		"HTTP/1.1 over TLS": {secure, &http.Transport{Protocols: h1, TLSClientConfig: trusting()}},
		"HTTP/2":            {url, &http.Transport{Protocols: h2c}},
		"HTTP/2 over TLS":   {secure, &http.Transport{Protocols: h2, TLSClientConfig: trusting()}},
		"HTTP/3":            {secure, quic},
	}
	for version, c := range clients {
		if transport, ok := c.transport.(*http.Transport); ok {
			t.Cleanup(transport.CloseIdleConnections)
		}
		eventually(t, version+" is served", func() bool {
			res, err := c.transport.RoundTrip(request(t, "GET", c.url+"/healthz", ""))
			if err != nil {
				return false
			}
			defer res.Body.Close()
			return strings.HasPrefix(version, strings.TrimSuffix(res.Proto, ".0"))
		})
	}
	return clients, log
}

// abandoner is a client that leaves before its answer is there.
type abandoner struct {
	url       string
	transport http.RoundTripper
}

// ask makes a request, and reads its answer until it leaves. gone is closed then.
func (c *abandoner) ask(t *testing.T, r *http.Request) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		res, err := c.transport.RoundTrip(r.WithContext(ctx))
		if err != nil {
			return
		}
		defer res.Body.Close()
		io.Copy(io.Discard, res.Body)
	}()
	leave = func() {
		cancel()
		<-gone
	}
	t.Cleanup(leave) // also if the test has failed before it
	return leave
}

// soon is the bound within which a provider's call must end when the client has left. It is
// meant to be 100 ms; what it takes is logged, and a busy machine is none of the gateway's faults.
const soon = time.Second

// ending is a provider's call that never answers and tells when it was cancelled.
type ending struct{ began, ended chan time.Time }

func newEnding() *ending { return &ending{make(chan time.Time, 4), make(chan time.Time, 4)} }

// after answers with some frames and goes on until it is cancelled.
func (e *ending) after(begin http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, r)
		e.began <- time.Now()
		<-r.Context().Done()
		e.ended <- time.Now()
	}
}

// within waits for a moment that must come soon after another, and gives the time between.
func within(t *testing.T, what string, from time.Time, moment <-chan time.Time) time.Duration {
	t.Helper()
	select {
	case at := <-moment:
		if at.Sub(from) > soon {
			t.Errorf("%s: %v after the client's end", what, at.Sub(from))
		}
		return max(at.Sub(from), 0)
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: never", what)
		return 0
	}
}

// came waits until a provider has been called.
func came(t *testing.T, call <-chan time.Time) {
	t.Helper()
	select {
	case <-call:
	case <-time.After(10 * time.Second):
		t.Fatal("no provider is called")
	}
}

func silent(http.ResponseWriter, *http.Request) {}

// TestAbandonedCalls lets clients of every version of HTTP go while a provider is called:
// its call is cancelled soon, and the request is logged once, as abandoned (pain 33).
func TestAbandonedCalls(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	clients, log := everywhere(t, provider("first", "openai", first)+provider("second", "anthropic", second)+
		"\t\tmodel one {\n\t\t\troute first up\n\t\t}\n\t\tmodel hedged {\n\t\t\troute first up\n\t\t\troute second up\n\t\t\thedge 20ms\n\t\t}\n", "")
	for _, phase := range []struct {
		name, model string
		stream      bool
		begin       http.HandlerFunc
		calls       int
	}{
		{"waiting for headers, whole", "one", false, silent, 1},
		{"waiting for headers, stream", "one", true, silent, 1},
		{"before content", "one", true, func(w http.ResponseWriter, r *http.Request) { streaming(w); send(w, wireOf(r).life...) }, 1},
		{"between pieces", "one", true, func(w http.ResponseWriter, r *http.Request) { streaming(w); send(w, wireOf(r).hello) }, 1},
		{"a hedged pair", "hedged", false, silent, 2},
	} {
		for version, c := range clients {
			t.Run(name(phase.name, version), func(t *testing.T) {
				call, before := newEnding(), gone(t, log)
				first.will(call.after(phase.begin))
				second.will(call.after(phase.begin))
				leave := c.ask(t, request(t, "POST", c.url+openai.path, hello(phase.model, phase.stream)))
				for range phase.calls {
					came(t, call.began)
				}
				time.Sleep(20 * time.Millisecond) // let the gateway read what was sent
				left := time.Now()
				leave()
				for range phase.calls {
					t.Logf("the provider's call ends %v after the client's end", within(t, "the provider's call ends", left, call.ended))
				}
				eventually(t, "the request is logged as abandoned", func() bool { return gone(t, log) == before+1 })
				if n := len(first.asked()) + len(second.asked()); n != phase.calls {
					t.Errorf("%d calls", n)
				}
			})
		}
	}
	checkOnce(t, log)
}

// checkOnce checks that no request is in the access log twice.
func checkOnce(t *testing.T, log string) {
	t.Helper()
	seen := map[any]bool{}
	for _, e := range entries(t, log) {
		if id := e["xjp_request_id"]; id != nil && seen[id] {
			t.Errorf("%v is logged twice", id)
		} else if id != nil {
			seen[id] = true
		}
	}
	if len(seen) == 0 {
		t.Error("nothing is logged")
	}
}

// TestAbandonedWaits lets clients go while no provider is called: in a pause between two
// rounds, in a queue, in the upload, and while a connection is made. Nobody is called for
// them any more, and what they held is free (pain 33).
func TestAbandonedWaits(t *testing.T) {
	d := newDouble(t)
	mute := newMute(t)
	clients, log := everywhere(t, provider("free", "openai", d)+
		strings.Replace(provider("narrow", "openai", d), "{\n", "{\n\t\t\tmax_concurrent 1\n", 1)+
		"\t\tprovider mute openai {\n\t\t\tapi_key x\n\t\t\tbase_url https://"+mute.address+"\n\t\t}\n"+
		"\t\tmodel free {\n\t\t\troute free up\n\t\t}\n\t\tmodel narrow {\n\t\t\troute narrow up\n\t\t}\n\t\tmodel mute {\n\t\t\troute mute up\n\t\t}\n"+
		"\t\tretry {\n\t\t\tmax 2\n\t\t\tbackoff 1m\n\t\t\tmax_wait 2m\n\t\t}\n\t\tqueue 10 1m\n\t\tkeep_alive 10ms", "")
	// settled leaves, and waits until the request is logged.
	settled := func(t *testing.T, leave func()) {
		before, left := gone(t, log), time.Now()
		leave()
		eventually(t, "the request is logged as abandoned", func() bool { return gone(t, log) == before+1 })
		took := time.Since(left)
		if took > soon {
			t.Errorf("the request ends %v after the client", took)
		}
		t.Logf("the request is logged %v after the client's end", took)
	}
	for version, c := range clients {
		for _, stream := range []bool{false, true} {
			way := fmt.Sprintf("%s, stream %t", version, stream)
			t.Run("a pause between rounds "+way, func(t *testing.T) {
				failed := make(chan time.Time, 4)
				d.will(func(w http.ResponseWriter, r *http.Request) {
					failing(503, "application/json", `{}`)(w, r)
					failed <- time.Now()
				})
				leave := c.ask(t, request(t, "POST", c.url+openai.path, hello("free", stream)))
				came(t, failed)
				time.Sleep(50 * time.Millisecond) // the pause has begun, and a stream's headers are sent
				settled(t, leave)
				if n := len(d.asked()); n != 1 {
					t.Errorf("%d calls", n)
				}
			})
			t.Run("a queue "+way, func(t *testing.T) {
				call := newEnding()
				d.will(call.after(silent))
				leaveFirst := c.ask(t, request(t, "POST", c.url+openai.path, hello("narrow", stream)))
				came(t, call.began)
				leave := c.ask(t, request(t, "POST", c.url+openai.path, hello("narrow", stream)))
				time.Sleep(50 * time.Millisecond)
				settled(t, leave)
				if n := len(d.asked()); n != 1 {
					t.Errorf("%d calls", n)
				}
				settled(t, leaveFirst)
				d.will(well)
				checkAnswer(t, "the place is free", openai, stream, post(t, clients["HTTP/1.1"].url+openai.path, hello("narrow", stream)))
			})
			t.Run("a connection that is not made "+way, func(t *testing.T) {
				leave := c.ask(t, request(t, "POST", c.url+openai.path, hello("mute", stream)))
				came(t, mute.opened)
				settled(t, leave)
			})
		}
		t.Run("the upload "+version, func(t *testing.T) {
			d.will(well)
			body, upload := io.Pipe()
			r := request(t, "POST", c.url+openai.path, "")
			r.Body, r.ContentLength = body, 5000
			leave := c.ask(t, r)
			io.WriteString(upload, `{"model":`)
			time.Sleep(50 * time.Millisecond)
			settled(t, func() {
				upload.CloseWithError(errors.New("the client has gone")) // transports wait for a body's end
				leave()
			})
			if n := len(d.asked()); n != 0 {
				t.Errorf("%d calls", n)
			}
		})
	}
	checkOnce(t, log)
}

// mute accepts connections, and says nothing.
type mute struct {
	address string
	opened  chan time.Time
}

func newMute(t *testing.T) *mute {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	m := &mute{l.Addr().String(), make(chan time.Time, 100)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.opened <- time.Now()
			go func() {
				defer conn.Close()
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	return m
}
