package behaviour

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// hidden is an error that a provider tells inside an answer of status 200.
type hidden struct {
	name string
	// frames tell it, by wire.
	frames map[string]string
	// chat and messages are the status that clients get without another route.
	chat, messages int
	// code is what clients of Chat, kind what those of Messages are told.
	code, kind string
	// after is the Retry-After that clients get; words are words that they must be told.
	after, words string
	// final errors lead to no other route.
	final bool
}

const tooLong = "This model's maximum context length is 100 tokens. However, your messages resulted in 120 tokens."

var hiddenErrors = []hidden{
	{name: "a rate limit", chat: 429, messages: 429, code: "upstream_rate_limited", kind: "rate_limit_error", frames: map[string]string{
		"chat":     `{"error":{"message":"their words","type":"rate_limit_error","code":429}}`,
		"messages": `{"type":"error","error":{"type":"rate_limit_error","message":"their words"}}`,
		"gemini":   `{"error":{"code":429,"message":"their words","status":"RESOURCE_EXHAUSTED"}}`}},
	{name: "a rate limit with RetryInfo (B15)", chat: 429, messages: 429, code: "upstream_rate_limited", kind: "rate_limit_error", after: "35", frames: map[string]string{
		"gemini": `{"error":{"code":429,"message":"their words","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}}`}},
	{name: "an overload", chat: 503, messages: 529, code: "overloaded", kind: "overloaded_error", frames: map[string]string{
		"chat":     `{"error":{"message":"their words","code":503}}`,
		"messages": `{"type":"error","error":{"type":"overloaded_error","message":"their words"}}`,
		"gemini":   `{"error":{"code":503,"message":"their words","status":"UNAVAILABLE"}}`}},
	{name: "a refused credential", chat: 502, messages: 502, code: "upstream_auth_failed", kind: "api_error", frames: map[string]string{
		"chat":     `{"error":{"message":"their words","code":"invalid_api_key"}}`,
		"messages": `{"type":"error","error":{"type":"authentication_error","message":"their words"}}`,
		"gemini":   `{"error":{"code":401,"message":"their words","status":"UNAUTHENTICATED"}}`}},
	{name: "a time limit", chat: 504, messages: 504, code: "upstream_timeout", kind: "timeout_error", frames: map[string]string{
		"chat":     `{"error":{"message":"their words","code":504}}`,
		"messages": `{"type":"error","error":{"type":"timeout_error","message":"their words"}}`,
		"gemini":   `{"error":{"code":504,"message":"their words","status":"DEADLINE_EXCEEDED"}}`}},
	{name: "an overflow (CC15)", chat: 400, messages: 400, code: "context_length_exceeded", kind: "invalid_request_error", final: true, words: "120 tokens > 100 maximum", frames: map[string]string{
		"chat":     `{"error":{"message":"` + tooLong + `","code":"context_length_exceeded"}}`,
		"messages": `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 120 tokens > 100 maximum"}}`,
		"gemini":   `{"error":{"code":400,"message":"The input token count (120) exceeds the maximum number of tokens allowed (100).","status":"INVALID_ARGUMENT"}}`}},
	{name: "a request that is wrong", chat: 400, messages: 400, code: "upstream_invalid_request", kind: "invalid_request_error", final: true, words: "bad field", frames: map[string]string{
		"chat":     `{"error":{"message":"messages[0]: bad field","type":"invalid_request_error"}}`,
		"messages": `{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: bad field"}}`,
		"gemini":   `{"error":{"code":400,"message":"contents[0]: bad field","status":"INVALID_ARGUMENT"}}`}},
}

// veil is what stands before an error in a 200.
type veil struct {
	name string
	// stream is what the client asks for, and large a size of answer that the gateway has
	// streamed although the client wants it whole.
	stream, large bool
	serve         func(w http.ResponseWriter, r *http.Request, frame string)
}

var veils = []veil{
	{"as the first record", true, false, func(w http.ResponseWriter, r *http.Request, frame string) { events(w, frame) }},
	{"after comments, pings and lifecycle frames", true, false, func(w http.ResponseWriter, r *http.Request, frame string) {
		events(w, ": PROCESSING", ": PROCESSING")
		send(w, wireOf(r).life...)
		send(w, ": PROCESSING")
		send(w, frame)
	}},
	{"as a bare document in the stream", true, false, func(w http.ResponseWriter, r *http.Request, frame string) {
		streaming(w)
		send(w, wireOf(r).life...)
		io.WriteString(w, frame+"\n")
	}},
	{"as a document instead of a stream", true, false, func(w http.ResponseWriter, r *http.Request, frame string) { whole(w, frame) }},
	{"as the whole answer", false, false, func(w http.ResponseWriter, r *http.Request, frame string) { whole(w, frame) }},
	{"in a stream that is gathered", false, true, func(w http.ResponseWriter, r *http.Request, frame string) {
		streaming(w)
		send(w, wireOf(r).life...)
		send(w, frame)
	}},
}

// hiding is one error behind one veil, for a client of one dialect, at a provider of its
// own, as some rest after it.
type hiding struct {
	hidden
	veil
	dialect dialect
	wire    string
	id      int
}

// TestErrorsInAnswers checks that errors inside a 200 are judged as if they had been a
// status (pain 8): they lead to the next route, or to the true status.
func TestErrorsInAnswers(t *testing.T) {
	var list []hiding
	for _, h := range hiddenErrors {
		for _, v := range veils {
			for _, d := range dialects {
				for _, w := range wireNames {
					gathered := d == openai && w == "messages"
					if h.frames[w] == "" || v.large && !gathered {
						continue
					}
					list = append(list, hiding{h, v, d, w, len(list)})
				}
			}
		}
	}
	bad, good := newDouble(t), newDouble(t)
	bad.will(func(w http.ResponseWriter, r *http.Request) {
		var id int
		fmt.Sscanf(r.Header.Get("X-Case"), "%d", &id)
		list[id].serve(w, r, list[id].frames[wireOf(r).name])
	})
	kinds := map[string]string{"chat": "openai", "messages": "anthropic", "gemini": "gemini"}
	options := "\t\tretry 0\n" + provider("good", "openai", good)
	for _, c := range list {
		for _, way := range []string{"one", "two"} {
			id := fmt.Sprintf("%s-%d", way, c.id)
			options += provider("p-"+id, kinds[c.wire], bad)
			options += fmt.Sprintf("\t\tmodel %s {\n\t\t\troute p-%s up {\n\t\t\t\theader X-Case %d\n\t\t\t}\n", id, id, c.id)
			if way == "two" {
				options += "\t\t\troute good up\n"
			}
			options += "\t\t}\n"
		}
	}
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(options)))
	passedOn := 0
	for _, c := range list {
		t.Run(name(c.hidden.name, c.veil.name, "from", c.wire, "to", c.dialect.name), func(t *testing.T) {
			ask := func(way string) reply {
				body := hello(fmt.Sprintf("%s-%d", way, c.id), c.stream)
				if c.large {
					body = strings.Replace(body, `"max_tokens":100`, `"max_tokens":20000`, 1)
				}
				return post(t, url+c.dialect.path, body)
			}
			c.checkTold(t, ask("one"))
			if c.final {
				c.checkTold(t, ask("two"))
				return
			}
			passedOn++
			checkAnswer(t, "with another route", c.dialect, c.stream, ask("two"))
		})
	}
	if n := len(good.asked()); n != passedOn {
		t.Errorf("the other route was asked %d times, not %d: what is wrong in itself goes nowhere else", n, passedOn)
	}
}

// checkTold checks what a client is told of the error.
func (c *hiding) checkTold(t *testing.T, got reply) {
	t.Helper()
	e := errorIn(t, c.dialect, got)
	status, words := c.chat, strings.TrimPrefix(c.words, "120 tokens > 100 maximum")
	if c.dialect == anthropic {
		status, words = c.messages, c.words
	}
	if got.status != status || c.dialect == openai && e.code != c.code || c.dialect == anthropic && e.kind != c.kind {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !strings.Contains(e.message, words) || strings.Contains(got.body, "their words") {
		t.Errorf("the client is told %s", got.body)
	}
	if c.after != "" && got.header.Get("Retry-After") != c.after {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
}

// TestEndlessBeginnings checks a stream that says much and means nothing: it is given up
// after a while, without a trace, as another route can answer (pain 8, bounded in bytes).
func TestEndlessBeginnings(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	url := gatewaytest.Run(t, quiet(gatewaytest.Site("\t\tretry 0\n"+inTurn(first, second, ""))))
	padding := strings.Repeat("x", 64<<10)
	lifeless := map[string]string{
		"comments": ": " + padding,
		"chat":     strings.Replace(chatStream[0], `"up"`, `"up`+padding+`"`, 1),
		"messages": strings.Replace(messagesStream[0], `"up"`, `"up`+padding+`"`, 1),
		"gemini":   `{"usageMetadata":{"promptTokenCount":12},"modelVersion":"` + padding + `"}`,
	}
	endless := func(frame string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			for range 20 { // 1.25 MiB
				send(w, frame)
			}
			send(w, wireOf(r).hello)
			send(w, ends[wireOf(r).name]...)
		}
	}
	for _, w := range wireNames {
		for _, frame := range []string{lifeless["comments"], lifeless[w]} {
			t.Run(name("nothing of it is sent, from", w, frame[:2]), func(t *testing.T) {
				first.will(endless(frame))
				second.will(well)
				var asking sync.WaitGroup // at once, to save time
				for _, dialect := range dialects {
					asking.Go(func() {
						checkAnswer(t, dialect.name, dialect, true, post(t, url+dialect.path, hello(w, true)))
						got := post(t, url+dialect.path, hello("one-"+w, true))
						if errorIn(t, dialect, got); got.status != 502 {
							t.Errorf("%s: %d %.300s", dialect.name, got.status, got.body)
						}
					})
				}
				asking.Wait()
			})
		}
	}
	t.Run("nor gathered", func(t *testing.T) {
		first.will(endless(lifeless["comments"]))
		second.will(well)
		body := strings.Replace(hello("messages", false), `"max_tokens":100`, `"max_tokens":20000`, 1)
		checkAnswer(t, "gathered", openai, false, post(t, url+openai.path, body))
		if len(second.asked()) != 1 {
			t.Error("the second route was not asked")
		}
	})
	t.Run("half as much is well", func(t *testing.T) {
		for _, dialect := range dialects {
			first.will(func(w http.ResponseWriter, r *http.Request) {
				streaming(w)
				for range 8 {
					send(w, lifeless["comments"])
				}
				send(w, wireOf(r).life...)
				send(w, wireOf(r).hello)
				send(w, strings.Replace(wireOf(r).hello, "Hello", " there", 1))
				send(w, ends[wireOf(r).name]...)
			})
			checkAnswer(t, dialect.name, dialect, true, post(t, url+dialect.path, hello("one-messages", true)))
		}
	})
}
