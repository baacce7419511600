package behaviour

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/ledger"
)

const idempotencyKey = "Idempotency-Key"

// wantReplay checks that an answer is an earlier one, given again.
func wantReplay(t testing.TB, where string, again, first reply) {
	t.Helper()
	h := again.header
	if again.status != first.status || again.body != first.body || h.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("%s: given again is %d %s, not %d %s", where, again.status, again.body, first.status, first.body)
	}
	own, original := h.Get("X-Request-Id"), h.Get("X-Xjp-Original-Request-Id")
	if h.Get("Idempotent-Replayed") != "true" || original != first.header.Get("X-Request-Id") || own == original || !strings.HasPrefix(own, "req_") {
		t.Errorf("%s: the headers are %v", where, h)
	}
}

// wantFresh checks that an answer is none that was given before.
func wantFresh(t testing.TB, where string, r reply) {
	t.Helper()
	if r.status != 200 || r.header.Get("Idempotent-Replayed") != "" || r.header.Get("X-Xjp-Original-Request-Id") != "" {
		t.Errorf("%s: %d %v", where, r.status, r.header)
	}
}

// TestSentAgain checks that a request that is sent again is given the answer that it was
// given, and what becomes of others under the same key.
func TestSentAgain(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tkey XJP_another_key")
	for _, dialect := range dialects {
		for _, wire := range wireNames {
			for _, stream := range []bool{false, true} {
				where := name(dialect.name, "to", wire, fmt.Sprint(stream))
				key := strings.ReplaceAll(where, " ", "-")
				d.will(well)
				ask := func(body string, headers ...string) reply {
					return post(t, url+dialect.path, body, append([]string{idempotencyKey, key}, headers...)...)
				}
				first := ask(hello(wire, stream))
				wantFresh(t, where, first)
				checkAnswer(t, where, dialect, stream, first)
				for range 2 {
					wantReplay(t, where, ask(hello(wire, stream)), first)
				}
				if n := len(d.asked()); n != 1 {
					t.Errorf("%s: the provider was called %d times", where, n)
				}
				for what, other := range map[string]reply{
					"another body":       ask(strings.Replace(hello(wire, stream), "Hi", "Ho", 1)),
					"a beta feature":     ask(hello(wire, stream), "Anthropic-Beta", "context-1m-2025-08-07"),
					"stream or not":      ask(hello(wire, !stream)),
					"a body spelled out": ask(hello(wire, stream) + "\n"),
				} {
					if e := errorIn(t, dialect, other); other.status != 422 || e.kind != "invalid_request_error" || !strings.Contains(e.message, "Idempotency-Key") || other.header.Get("X-Should-Retry") != "false" {
						t.Errorf("%s, %s: %d %+v", where, what, other.status, e)
					}
				}
				wantFresh(t, where+", another client", ask(hello(wire, stream), "Authorization", "Bearer XJP_another_key"))
				wantFresh(t, where+", without a key", post(t, url+dialect.path, hello(wire, stream)))
				wantFresh(t, where+", another key", post(t, url+dialect.path, hello(wire, stream), idempotencyKey, key+"2"))
				if n := len(d.asked()); n != 4 {
					t.Errorf("%s: the provider was called %d times", where, n)
				}
			}
		}
	}
	for _, key := range []string{"two words", strings.Repeat("k", 256), "schlüssel"} {
		got := post(t, url+openai.path, hello("chat", false), idempotencyKey, key)
		if e := errorIn(t, openai, got); got.status != 400 || !strings.Contains(e.message, "Idempotency-Key") {
			t.Errorf("%q: %d %+v", key, got.status, e)
		}
	}
	for _, values := range [][]string{{""}, {"", ""}, {"one", "another"}, {"one", "one"}, {"", "one"}} {
		r := request(t, http.MethodPost, url+openai.path, hello("chat", false))
		r.Header[idempotencyKey] = values
		got := do(t, r)
		if e := errorIn(t, openai, got); got.status != 400 || !strings.Contains(e.message, "Idempotency-Key") || e.param != "idempotency-key" {
			t.Errorf("%q: %d %+v", values, got.status, e)
		}
	}
}

// TestWhatIsKept checks which errors are given again: those about the request itself.
func TestWhatIsKept(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, dialect := range dialects {
		for _, test := range []struct {
			name   string
			answer http.HandlerFunc
			stream bool
			status int
			kept   bool
		}{
			{"a wrong request", failing(400, "application/json", `{"error":{"message":"bad"}}`), false, 400, true},
			{"a wrong request, streamed", failing(400, "application/json", `{"error":{"message":"bad"}}`), true, 400, true},
			{"a rate limit", failing(429, "application/json", `{}`, "Retry-After", "1"), false, 429, false},
			{"a failure", failing(500, "application/json", `{}`), false, 502, false},
			{"a credential", failing(401, "application/json", `{}`), true, 502, false},
			{"a stream that breaks off", func(w http.ResponseWriter, r *http.Request) {
				streaming(w)
				send(w, wireOf(r).life...)
				send(w, wireOf(r).hello)
				panic(http.ErrAbortHandler)
			}, true, 200, false},
		} {
			where := dialect.name + ": " + test.name
			key := strings.ReplaceAll(strings.ReplaceAll(where, " ", "-"), ",", "")
			d.will(test.answer)
			first := post(t, url+dialect.path, hello("messages", test.stream), idempotencyKey, key)
			if first.status != test.status {
				t.Errorf("%s: %d %s", where, first.status, first.body)
			}
			d.will(well)
			again := post(t, url+dialect.path, hello("messages", test.stream), idempotencyKey, key)
			if test.kept {
				wantReplay(t, where, again, first)
			} else {
				wantFresh(t, where, again)
			}
		}
	}
}

// TestSameKeyAtOnce sends a request fifty times at once: the provider is called once.
func TestSameKeyAtOnce(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, stream := range []bool{false, true} {
		d.will(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(200 * time.Millisecond)
			well(w, r)
		})
		replies := make([]reply, 50)
		var asking sync.WaitGroup
		for i := range replies {
			asking.Go(func() {
				replies[i] = post(t, url+openai.path, hello("gemini", stream), idempotencyKey, fmt.Sprint("fifty-", stream))
			})
		}
		asking.Wait()
		first := 0
		for i, r := range replies {
			if r.header.Get("Idempotent-Replayed") == "" {
				first = i
			}
		}
		for i, r := range replies {
			if i != first {
				wantReplay(t, fmt.Sprint(stream), r, replies[first])
			}
		}
		checkAnswer(t, fmt.Sprint(stream), openai, stream, replies[first])
		if n := len(d.asked()); n != 1 {
			t.Errorf("the provider was called %d times", n)
		}
	}
}

// listener reads a streamed answer bit by bit.
type listener struct {
	t      testing.TB
	res    *http.Response
	lines  *bufio.Reader
	heard  bytes.Buffer
	cancel context.CancelFunc
}

func listen(t testing.TB, url, body string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	res, err := client.Do(request(t, http.MethodPost, url, body, headers...).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return &listener{t: t, res: res, lines: bufio.NewReader(res.Body), cancel: cancel}
}

// until reads on until a word comes.
func (l *listener) until(word string) {
	l.t.Helper()
	for !strings.Contains(l.heard.String(), word) {
		line, err := l.lines.ReadString('\n')
		l.heard.WriteString(line)
		if err != nil {
			l.t.Fatalf("%v after %s", err, l.heard.String())
		}
	}
}

// rest reads to the end, and gives all that was heard.
func (l *listener) rest() reply {
	l.t.Helper()
	if _, err := io.Copy(&l.heard, l.lines); err != nil {
		l.t.Fatalf("%v after %s", err, l.heard.String())
	}
	return reply{l.res.StatusCode, l.res.Header, l.heard.String()}
}

// inParts answers a stream of Messages with "Hello", waits, and goes on with " there".
func inParts(goOn <-chan struct{}, cancelled chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, messagesStream[:3]...)
		select {
		case <-goOn:
			send(w, messagesStream[3:]...)
		case <-r.Context().Done():
			cancelled <- struct{}{}
		}
	}
}

// TestJoiningAStream checks that a request that is sent again while it is being answered is
// given what there is, and then what follows; and that the answer goes on as long as anybody
// listens.
func TestJoiningAStream(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, dialect := range dialects {
		path, body := url+dialect.path, hello("messages", true)
		t.Run(name(dialect.name, "all stay"), func(t *testing.T) {
			goOn, cancelled := make(chan struct{}), make(chan struct{}, 1)
			d.will(inParts(goOn, cancelled))
			first := listen(t, path, body, idempotencyKey, "stay")
			first.until("Hello")
			second := listen(t, path, body, idempotencyKey, "stay")
			second.until("Hello")
			if other := post(t, path, hello("chat", true), idempotencyKey, "stay"); other.status != 422 {
				t.Errorf("another body meanwhile: %d %s", other.status, other.body)
			}
			close(goOn)
			all := first.rest()
			checkAnswer(t, "the first", dialect, true, all)
			wantReplay(t, "the second", second.rest(), all)
			wantReplay(t, "the third", post(t, path, body, idempotencyKey, "stay"), all)
			if n := len(d.asked()); n != 1 {
				t.Errorf("the provider was called %d times", n)
			}
		})
		t.Run(name(dialect.name, "the second leaves"), func(t *testing.T) {
			goOn, cancelled := make(chan struct{}), make(chan struct{}, 1)
			d.will(inParts(goOn, cancelled))
			first := listen(t, path, body, idempotencyKey, "second-leaves")
			second := listen(t, path, body, idempotencyKey, "second-leaves")
			second.until("Hello")
			second.cancel()
			close(goOn)
			checkAnswer(t, "the first", dialect, true, first.rest())
		})
		t.Run(name(dialect.name, "the first leaves"), func(t *testing.T) {
			goOn, cancelled := make(chan struct{}), make(chan struct{}, 1)
			d.will(inParts(goOn, cancelled))
			first := listen(t, path, body, idempotencyKey, "first-leaves")
			first.until("Hello")
			second := listen(t, path, body, idempotencyKey, "first-leaves")
			second.until("Hello")
			first.cancel()
			select {
			case <-cancelled:
				t.Fatal("the provider's call was cancelled, though one still listened")
			case <-time.After(300 * time.Millisecond):
			}
			close(goOn)
			checkAnswer(t, "the second", dialect, true, second.rest())
			wantReplay(t, "the third", post(t, path, body, idempotencyKey, "first-leaves"), reply{200, http.Header{
				"Content-Type": second.res.Header["Content-Type"], "X-Request-Id": first.res.Header["X-Request-Id"]}, second.heard.String()})
		})
		t.Run(name(dialect.name, "all leave"), func(t *testing.T) {
			cancelled := make(chan struct{}, 1)
			d.will(inParts(nil, cancelled))
			first := listen(t, path, body, idempotencyKey, "all-leave")
			first.until("Hello")
			second := listen(t, path, body, idempotencyKey, "all-leave")
			second.until("Hello")
			first.cancel()
			second.cancel()
			select {
			case <-cancelled:
			case <-time.After(5 * time.Second):
				t.Fatal("the provider's call goes on for nobody")
			}
			d.will(well)
			wantFresh(t, "the third", post(t, path, body, idempotencyKey, "all-leave"))
		})
	}
}

// TestAnswersTooLargeToKeep checks that a large answer is served, once.
func TestAnswersTooLargeToKeep(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tidempotency {\n\t\t\tmax_size 1KiB\n\t\t\tttl 1h\n\t\t\tmax_total 1MiB\n\t\t}")
	for _, dialect := range dialects {
		for _, stream := range []bool{false, true} {
			where := name(dialect.name, fmt.Sprint(stream))
			d.will(func(w http.ResponseWriter, r *http.Request) {
				if stream {
					list := append([]string(nil), messagesStream...)
					for range 20 {
						list = append(list[:3], append([]string{list[2]}, list[3:]...)...)
					}
					events(w, list...)
					return
				}
				whole(w, strings.Replace(messagesWhole, "Hello", strings.Repeat("Hello ", 1000), 1))
			})
			ask := func() reply {
				return post(t, url+dialect.path, hello("messages", stream), idempotencyKey, fmt.Sprint("large-", stream))
			}
			wantFresh(t, where, ask())
			again := ask()
			if e := errorIn(t, dialect, again); again.status != 409 || e.kind != "conflict_error" || again.header.Get("X-Should-Retry") != "false" {
				t.Errorf("%s: %d %+v", where, again.status, e)
			}
			if n := len(d.asked()); n != 1 {
				t.Errorf("%s: the provider was called %d times", where, n)
			}
		}
	}
}

// TestStreamsTooLargeToShare checks what a client is told that joined a stream which then
// becomes too large to be kept, and that the first client has all of it.
func TestStreamsTooLargeToShare(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tidempotency {\n\t\t\tmax_size 4KiB\n\t\t}\n"+gatewaytest.Stored(t))
	large := strings.Replace(messagesStream[2], "Hello", strings.Repeat("more ", 2000), 1)
	for _, dialect := range dialects {
		goOn := make(chan struct{})
		d.will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, messagesStream[:3]...)
			<-goOn
			send(w, append([]string{large}, messagesStream[3:]...)...)
		})
		ask := func() *listener {
			return listen(t, url+dialect.path, hello("messages", true), idempotencyKey, "outgrown")
		}
		first := ask()
		first.until("Hello")
		second := ask()
		second.until("Hello")
		close(goOn)
		if whole := first.rest(); !strings.Contains(whole.body, "more more") || strings.Contains(whole.body, "error") {
			t.Errorf("%s: the first is given %s", dialect.name, whole.body)
		}
		got := second.rest()
		if !strings.Contains(got.body, `"type":"conflict_error"`) || !strings.Contains(got.body, "cannot be shared to its end") || strings.Contains(got.body, "broke off") {
			t.Errorf("%s: the second is told %s", dialect.name, got.body)
		}
		if r := record(t, got); !r.Replayed || r.End != ledger.Rejected || r.Error != "conflict" || r.Cost != 0 {
			t.Errorf("%s: recorded is %+v", dialect.name, r)
		}
	}
}

// TestIdempotencyOff checks that the key is not heeded where that is off.
func TestIdempotencyOff(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tidempotency off")
	for range 2 {
		wantFresh(t, "off", post(t, url+openai.path, hello("chat", false), idempotencyKey, "the same"))
	}
	if n := len(d.asked()); n != 2 {
		t.Errorf("the provider was called %d times", n)
	}
}

// TestReplaysCostNothing checks that what is given again is recorded as that, and counts
// for no limit.
func TestReplaysCostNothing(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, priced("priced", "messages"), "\t\tlimits {\n\t\t\trpd 1\n\t\t}\n"+gatewaytest.Stored(t))
	ask := func(key string) reply {
		return post(t, url+anthropic.path, hello("priced", false), idempotencyKey, key)
	}
	first := ask("first")
	for range 3 {
		again := ask("first")
		wantReplay(t, "again", again, first)
		if r := record(t, again); !r.Replayed || r.Cost != 0 || r.Tokens != (ledger.Tokens{}) || len(r.Attempts) != 0 || r.End != ledger.Complete || r.Status != 200 || r.Key == "" {
			t.Errorf("recorded is %+v", r)
		}
	}
	if r := record(t, first); r.Replayed || r.Cost != costOfHello {
		t.Errorf("recorded of the first is %+v", r)
	}
	if over := ask("second"); over.status != 429 {
		t.Errorf("another request: %d %s", over.status, over.body)
	}
	if over := ask("second"); over.status != 429 || over.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("a limit is given again: %d %v", over.status, over.header)
	}
}

// TestAnswersOverReload checks that a reload forgets no answer, and that one under way can
// be joined behind it.
func TestAnswersOverReload(t *testing.T) {
	d := newDouble(t)
	site := func(option string) string { return gatewaytest.Site(providers(d) + option) }
	url := gatewaytest.Run(t, site("keep_alive 10s"))
	port := url[strings.LastIndex(url, ":")+1:]
	path := url + anthropic.path
	kept := post(t, path, hello("chat", false), idempotencyKey, "kept")
	goOn := make(chan struct{})
	d.will(inParts(goOn, make(chan struct{}, 1)))
	first := listen(t, path, hello("messages", true), idempotencyKey, "under-way")
	first.until("Hello")
	gatewaytest.Load(t, strings.ReplaceAll(site("keep_alive 11s"), "{port}", port))
	wantReplay(t, "kept", post(t, path, hello("chat", false), idempotencyKey, "kept"), kept)
	second := listen(t, path, hello("messages", true), idempotencyKey, "under-way")
	second.until("Hello")
	close(goOn)
	wantReplay(t, "under way", second.rest(), first.rest())
	if n := len(d.asked()); n != 1 {
		t.Errorf("the provider was called %d times", n)
	}
}

// TestAnswersOverNewBound checks that a reload which changes how much is kept forgets neither
// answers nor what limits have counted.
func TestAnswersOverNewBound(t *testing.T) {
	d := newDouble(t)
	d.will(well)
	site := func(size string) string {
		return gatewaytest.Site(providers(d) + keyWith("rpm 2") + "\t\tidempotency {\n\t\t\tmax_total " + size + "\n\t\t}")
	}
	url := gatewaytest.Run(t, site("100MB"))
	path := url + openai.path
	ask := func(key string) reply {
		return post(t, path, hello("chat", false), idempotencyKey, key, "Authorization", "Bearer "+limitedKey)
	}
	first := ask("first")
	wantFresh(t, "first", first)
	gatewaytest.Load(t, strings.ReplaceAll(site("50MB"), "{port}", url[strings.LastIndex(url, ":")+1:]))
	wantReplay(t, "after a reload", ask("first"), first)
	wantFresh(t, "second", ask("second"))
	if got := ask("third"); got.status != 429 {
		t.Errorf("over a limit of 2 requests: %d", got.status)
	}
}
