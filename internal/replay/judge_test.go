package replay

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/doubles/chat"
	"github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
	"github.com/rickyjim626/xjp-gateway/internal/doubles/messages"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// judge is a double of all providers that refuses what they refuse and remembers what
// it was asked. The upstream models are <name of a real model>_<id of the exchange>.
type judge struct {
	url  string
	mu   sync.Mutex
	seen map[string]ruling
}

// ruling is what reached the judge under a model, and why a provider would refuse it.
type ruling struct {
	body  []byte
	fault error
}

func newJudge(t *testing.T) *judge {
	j := &judge{seen: map[string]ruling{}}
	server := httptest.NewServer(j)
	t.Cleanup(server.Close)
	j.url = server.URL
	return j
}

// take gives what reached the judge under a model, and forgets it.
func (j *judge) take(model string) (ruling, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, ok := j.seen[model]
	delete(j.seen, model)
	return r, ok
}

// The shortest whole answers.
const (
	chatAnswer     = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`
	messagesAnswer = `{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}`
	geminiAnswer   = `{"candidates":[{"content":{"role":"model","parts":[{"text":"ok"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}`
)

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	host, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	model := str(at(decode(body), "model"))
	var answer string
	var fault error
	switch host {
	case "openai", "openrouter":
		answer, fault = chatAnswer, chat.Check(body, host)
	case "anthropic":
		answer, fault = messagesAnswer, messages.Check(body)
	default:
		_, model, _ = strings.Cut(path, "models/")
		model, _, _ = strings.Cut(model, ":")
		answer, fault = geminiAnswer, gemini.Check(body, map[string]string{"gemini": gemini.AIStudio, "vertex": gemini.Vertex}[host], model)
	}
	j.mu.Lock()
	j.seen[model] = ruling{body, fault}
	j.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, answer)
}

// court runs the gateway before a judge: the models of a provider are <provider>/<the
// judge's name>.
func court(t *testing.T, j *judge) string {
	var options strings.Builder
	for _, name := range []string{"openai", "openrouter", "anthropic", "gemini", "vertex"} {
		credential := "api_key " + secret
		if name == "vertex" {
			credential = "access_token " + secret + "\n\t\t\tproject demo-project"
		}
		if name == "openrouter" {
			credential += "\n\t\t\tallow_fields server_tools" // some were recorded with such
		}
		fmt.Fprintf(&options, "\t\tprovider %s {\n\t\t\t%s\n\t\t\tbase_url %s/%s\n\t\t}\n", name, credential, j.url, name)
		option := map[string]string{
			"openai":     " {\n\t\t\t\tcapability reasoning_style openai_effort\n\t\t\t}", // as at OpenAI's own address
			"openrouter": " {\n\t\t\t\twire chat\n\t\t\t}",                                // it would take Messages for Claude
		}[name]
		fmt.Fprintf(&options, "\t\tmodel %s/* {\n\t\t\troute %s {model.rest}%s\n\t\t}\n", name, name, option)
	}
	return gatewaytest.Run(t, strings.Replace(gatewaytest.Site(options.String()), "level ERROR", "output discard", 1))
}
