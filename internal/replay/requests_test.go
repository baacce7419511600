package replay

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

// target is a provider and a model whose name tells the gateway what it takes.
type target struct{ provider, model string }

// wire is the form that a provider is spoken to.
func (t target) read(body []byte) asked {
	switch t.provider {
	case "openai", "openrouter":
		return askedChat(body)
	case "anthropic":
		return askedMessages(body)
	}
	return askedGemini(body)
}

var (
	toMessages = []target{{"anthropic", "claude-sonnet-4-5"}, {"anthropic", "claude-opus-4-8"}, {"anthropic", "claude-sonnet-5-5"}}
	toChat     = []target{{"openai", "gpt-5.2"}, {"openai", "gpt-4.1"}, {"openrouter", "anthropic/claude-sonnet-4.5"}, {"openrouter", "google/gemini-2.5-pro"}}
	toGemini   = []target{{"gemini", "gemini-2.5-pro"}, {"gemini", "gemini-3-pro-preview"}, {"vertex", "gemini-2.5-flash"}}
)

// TestRequestsOfChat plays recorded Chat requests to providers of the other dialects.
func TestRequestsOfChat(t *testing.T) {
	playRequests(t, traffic.Load(t, "openai-chat", "openrouter-chat"), "/v1/chat/completions", askedChat, slices.Concat(toMessages, toGemini))
}

// TestRequestsOfMessages plays recorded Messages requests to providers of the other dialects.
func TestRequestsOfMessages(t *testing.T) {
	playRequests(t, traffic.Load(t, "anthropic-messages"), "/v1/messages", askedMessages, slices.Concat(toChat, toGemini))
}

// playRequests sends each recorded request to each target. The provider's double must
// take it, and must have been told all that the request says, or the client of a loss.
func playRequests(t *testing.T, all []*traffic.Exchange, path string, read func([]byte) asked, targets []target) {
	j := newJudge(t)
	base := court(t, j)
	var count tally
	each(all, func(e *traffic.Exchange) {
		if e.Request == nil || len(e.Request.Body) == 0 || at(decode(e.Request.Body), "messages") == nil {
			count.skip("no request was recorded")
			return
		}
		if e.Response.Status >= 400 && e.Response.Status < 500 {
			count.skip("the provider refused the request itself")
			return
		}
		for _, to := range targets {
			playRequest(t, &count, j, base+path, e, to, read)
		}
	})
	count.print(t, "requests played")
}

func playRequest(t *testing.T, count *tally, j *judge, url string, e *traffic.Exchange, to target, read func([]byte) asked) {
	name := to.model + "_" + e.ID
	body := withModel(e.Request.Body, to.provider+"/"+name)
	status, lost, answer := ask(t, url, body)
	ruling, reached := j.take(name)
	if status != http.StatusOK || !reached {
		why := refusal(answer)
		if status != http.StatusBadRequest || why == "" || reached {
			t.Errorf("%s to %s: %d %s", e.ID, to.model, status, answer)
		}
		count.skip("refused by the gateway: " + why)
		return
	}
	count.ran()
	if ruling.fault != nil {
		t.Errorf("%s to %s: the provider would refuse: %v\n%.1500s", e.ID, to.model, ruling.fault, ruling.body)
		return
	}
	for _, missing := range compare(read(body), to.read(ruling.body), lost) {
		t.Errorf("%s to %s: %s\nlosses: %s\nsent: %.1500s", e.ID, to.model, missing, lost, ruling.body)
	}
}

// withModel sets a request's model and takes the stream out of it.
func withModel(body []byte, model string) []byte {
	v, _ := decode(body).(object)
	v["model"] = model
	delete(v, "stream")
	delete(v, "stream_options")
	return []byte(encode(v))
}

func ask(t *testing.T, url string, body []byte) (status int, lost, answer string) {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+gatewaytest.Key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Xjp-Debug", "1")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, "", err.Error()
	}
	defer res.Body.Close()
	data, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("X-Xjp-Lossy"), string(data)
}

// refusals are what the gateway may refuse: what no provider of the target could do
// (class R of wire-openai-anthropic.md).
var refusals = []string{
	"its provider gives one answer only",
	"is not supported by this model's provider", // tools of the server's, MCP servers, uploads
	"files stored at another provider cannot be used",
	"the URL could not be fetched", // the tests have no network
	"which is not known; parts are text",
	"this model does not continue an assistant message",
	"input_audio must be an object",
	"this model takes no audio",
	"this model takes no video",
	"this model answers in text only",
	"modalities must be text and image",
	"messages must contain a user message",
}

func refusal(answer string) string {
	message := str(at(decode([]byte(answer)), "error", "message"))
	for _, r := range refusals {
		if strings.Contains(message, r) {
			return r
		}
	}
	return ""
}

// compare tells what of a request did not reach the provider.
func compare(client, provider asked, lost string) []string {
	var missing []string
	miss := func(format string, args ...any) { missing = append(missing, fmt.Sprintf(format, args...)) }
	all := strings.Join(provider.texts, "\n")
	for _, text := range client.texts {
		if strings.HasPrefix(text, "x-anthropic-billing-header:") {
			continue // for Anthropic alone (CC9)
		}
		if !strings.Contains(all, text) && !strings.Contains(all, canonical(text)) {
			miss("text is missing: %.200q", text)
		}
	}
	for _, call := range client.calls {
		if !slices.Contains(provider.calls, call) {
			miss("a call is missing: %v", call)
		}
	}
	for _, medium := range client.media {
		if !slices.Contains(provider.media, medium) {
			miss("a medium is missing: %s", medium)
		}
	}
	for name, description := range client.tools {
		if !strings.Contains(provider.tools[spelled(name, client, provider)], description) && !strings.Contains(lost, "tool_choice") {
			miss("a tool is missing or described otherwise: %s", name)
		}
	}
	for name, value := range client.settings {
		if have := provider.settings[name]; have != value && value != "[]" && !mentions(lost, name) {
			miss("%s is %q, not %s", name, have, value)
		}
	}
	return missing
}

// names are a setting's other names, as losses may call it.
var names = map[string][]string{"max_tokens": {"max_completion_tokens"}, "stop": {"stop_sequences"}}

// mentions reports whether the losses name a setting.
func mentions(lost, name string) bool {
	for _, n := range append(names[name], name) {
		if strings.Contains(","+lost, ","+n) {
			return true
		}
	}
	return false
}

// spelled finds the tool under whose name the provider knows one of the client's: a
// name that the provider does not take gets another.
func spelled(name string, client, provider asked) string {
	if _, same := provider.tools[name]; same {
		return name
	}
	for other, description := range provider.tools {
		if _, theirs := client.tools[other]; !theirs && description == client.tools[name] {
			return other
		}
	}
	return name
}

// TestRequestsPass plays recorded requests to providers of the same dialect: but for the
// model's name they get every byte.
func TestRequestsPass(t *testing.T) {
	j := newJudge(t)
	base := court(t, j)
	var count tally
	each(traffic.Load(t, "openai-chat", "openrouter-chat", "anthropic-messages"), func(e *traffic.Exchange) {
		if e.Request == nil || len(e.Request.Body) == 0 || at(decode(e.Request.Body), "messages") == nil {
			count.skip("no request was recorded")
			return
		}
		path, name := "/v1/chat/completions", "gpt-5.2_"+e.ID
		if e.API == "anthropic-messages" {
			path, name = "/v1/messages", "claude-opus-4-8_"+e.ID
		}
		if e.Response.Status == http.StatusBadRequest {
			count.skip("the provider refused the request itself")
			return
		}
		provider := wires[e.API]
		status, lost, answer := ask(t, base+path, withModel(e.Request.Body, provider+"/"+name))
		ruling, _ := j.take(name)
		if want := string(without(withModel(e.Request.Body, name), lost)); status != http.StatusOK || string(ruling.body) != want {
			t.Errorf("%s: %d %s %s\nwant %.1500s\ngot  %.1500s", e.ID, status, lost, answer, want, ruling.body)
			return
		}
		count.ran()
	})
	count.print(t, "requests passed")
}

// without takes out of a request what the gateway dropped: what tenants may not set at
// OpenRouter (provider-openrouter.md 8).
func without(body []byte, lost string) []byte {
	v, _ := decode(body).(object)
	for _, name := range []string{"models", "plugins", "provider", "route"} {
		if strings.Contains(","+lost+",", ","+name+"=dropped,") {
			delete(v, name)
		}
	}
	return []byte(encode(v))
}
