// Package replay plays recorded traffic of real providers through the running gateway
// and lets the official SDKs judge what their clients get. What an exchange says is read
// by an oracle that shares nothing with the gateway.
package replay

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

// played is an answer as the double sends it.
type played struct {
	status int
	header http.Header
	body   []byte
	cuts   []int // where the body is cut into pieces, rising
	abort  bool  // the connection breaks after the body
}

// player is the double of all providers: it sends the answer that stands under the
// model's name, and remembers what it was asked.
type player struct {
	url     string
	mu      sync.Mutex
	answers map[string]*played
	asked   map[string][]byte
}

// newPlayer starts a double.
func newPlayer(t *testing.T) *player {
	p := &player{answers: map[string]*played{}, asked: map[string][]byte{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// put sets the answer for a model.
func (p *player) put(model string, a *played) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[model] = a
}

// take gives the answer for a model and notes what was asked.
func (p *player) take(model string, body []byte) *played {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[model] = body
	return p.answers[model]
}

func (p *player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	model := str(at(decode(body), "model"))
	if i := strings.Index(r.URL.Path, "/models/"); i >= 0 && model == "" {
		model, _, _ = strings.Cut(r.URL.Path[i+len("/models/"):], ":")
	}
	a := p.take(model, body)
	if a == nil {
		http.Error(w, "no such recording: "+model, http.StatusNotFound)
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	rc, sent := http.NewResponseController(w), 0
	for _, cut := range append(a.cuts, len(a.body)) {
		w.Write(a.body[sent:cut])
		sent = cut
		rc.Flush()
	}
	if a.abort {
		panic(http.ErrAbortHandler)
	}
}

// recorded is an exchange's answer as it was received.
func recorded(e *traffic.Exchange) *played {
	kind := map[string]string{"sse": "text/event-stream", "text": "text/plain"}[e.Response.BodyKind]
	if kind == "" {
		kind = "application/json"
	}
	a := &played{status: e.Response.Status, header: http.Header{"Content-Type": {kind}}, body: e.Answer()}
	a.cuts = borders(e, len(a.body))
	return a
}

// borders are the cuts of an answer: as recorded, or one somewhere.
func borders(e *traffic.Exchange, size int) []int {
	var cuts []int
	total := 0
	for _, n := range e.Response.ChunkSizes {
		total += n
		cuts = append(cuts, total)
	}
	if total == size && len(cuts) > 0 {
		return cuts[:len(cuts)-1]
	}
	return []int{size * (1 + int(e.ID[0])%7) / 9}
}

// wires tells which provider of the gateway reads an API's answers.
var wires = map[string]string{
	"openai-chat": "openai", "openrouter-chat": "openrouter", "anthropic-messages": "anthropic",
	"gemini-generate": "gemini", "gemini-stream": "gemini",
}

// dialectOf tells which client's dialect an API has; "" for Gemini.
func dialectOf(api string) string {
	switch api {
	case "openai-chat", "openrouter-chat":
		return "openai"
	case "anthropic-messages":
		return "anthropic"
	}
	return ""
}

// secret is the double's key, which no client may ever see.
const secret = "test-key-of-the-double"

// gateway runs the gateway before the double: the models of each provider are
// <provider>/<the double's name>.
func gateway(t *testing.T, p *player) string {
	var options strings.Builder
	for _, name := range []string{"openai", "openrouter", "anthropic", "gemini"} {
		fmt.Fprintf(&options, "\t\tprovider %s {\n\t\t\tapi_key %s\n\t\t\tbase_url %s\n\t\t}\n", name, secret, p.url)
		fmt.Fprintf(&options, "\t\tmodel %s/* {\n\t\t\troute %s {model.rest}\n\t\t}\n", name, name)
	}
	fmt.Fprintf(&options, "\t\tprovider vertex {\n\t\t\taccess_token %s\n\t\t\tproject demo-project\n\t\t\tbase_url %s\n\t\t}\n\t\tmodel vertex/* {\n\t\t\troute vertex {model.rest}\n\t\t}\n", secret, p.url)
	return gatewaytest.Run(t, strings.Replace(gatewaytest.Site(options.String()), "level ERROR", "output discard", 1))
}

// answers loads all recorded answers of generating APIs.
func answers(t *testing.T) []*traffic.Exchange {
	return traffic.Load(t, "openai-chat", "openrouter-chat", "anthropic-messages", "gemini-generate", "gemini-stream")
}

// unplayable says why an exchange's answer cannot be played as a success, "" if it can.
func unplayable(e *traffic.Exchange) string {
	switch {
	case e.Response.Status != http.StatusOK:
		return "an error answer: TestErrors plays those"
	case e.Response.BodyKind == "text":
		return "no JSON"
	case e.Capture != "recorded" && strings.Contains(e.Note, "truncated"):
		return "a truncated recording"
	}
	return ""
}

// tally counts what was run and what was skipped, by reason.
type tally struct {
	mu      sync.Mutex
	run     int
	skipped map[string]int
}

func (c *tally) ran() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run++
}

func (c *tally) skip(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.skipped == nil {
		c.skipped = map[string]int{}
	}
	c.skipped[why]++
}

// print tells the counts.
func (c *tally) print(t *testing.T, what string) {
	t.Logf("%d %s", c.run, what)
	for _, why := range sortedKeys(c.skipped) {
		t.Logf("%d skipped: %s", c.skipped[why], why)
	}
}

// full says that nothing is sampled out.
var full = os.Getenv("XJP_REPLAY") == "full"

// workers is how many exchanges are played at a time.
const workers = 4

// each plays every exchange.
func each(list []*traffic.Exchange, play func(*traffic.Exchange)) {
	work := make(chan *traffic.Exchange)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for e := range work {
				play(e)
			}
		})
	}
	for _, e := range list {
		work <- e
	}
	close(work)
	done.Wait()
}
