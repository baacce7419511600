package gemini_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	double "github.com/rickyjim626/xjp-gateway/internal/doubles/gemini"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// rig is the gateway before both of Google's surfaces, which refuse what the real ones
// refuse. Model m goes to AI Studio first and then to Vertex AI.
type rig struct {
	t    *testing.T
	base string

	mu       sync.Mutex
	down     bool // AI Studio is overloaded
	distrust bool // AI Studio refuses its own signatures, as after a change of account
	asked    []string
}

func start(t *testing.T, options string) *rig {
	r := &rig{t: t}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.base = gatewaytest.Start(t, fmt.Sprintf(`		provider gemini {
			api_key XJP_test_studio
			base_url %[1]s
		}
		provider vertex {
			api_key XJP_test_vertex
			base_url %[1]s
		}
		model m {
			%[2]s
			route gemini gemini-3-pro-preview
			route vertex gemini-3-pro-preview
		}
`, server.URL, options))
	return r
}

// ServeHTTP is both surfaces. It calls a function in answer to the user, and says that it
// is done in answer to a result.
func (r *rig) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	surface := double.AIStudio
	if strings.Contains(q.URL.Path, "/publishers/google/") {
		surface = double.Vertex
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, surface+" "+string(body))
	fail := func(status int, word, message string) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%d,"message":%q,"status":%q}}`, status, message, word)
	}
	if err := double.Check(body, surface, "gemini-3-pro-preview"); err != nil {
		r.t.Errorf("%s refuses it: %v\n%s", surface, err, body)
		fail(400, "INVALID_ARGUMENT", err.Error())
		return
	}
	if surface == double.AIStudio && r.down {
		fail(503, "UNAVAILABLE", "The model is overloaded.")
		return
	}
	if surface == double.AIStudio && r.distrust && strings.Contains(string(body), double.Mint(surface, 1)) {
		fail(400, "INVALID_ARGUMENT", "Corrupted thought signature.")
		return
	}
	part := `{"functionCall":{"name":"f","args":{"c":"Rome"}},"thoughtSignature":"` + double.Mint(surface, 1) + `"}`
	if strings.Contains(string(body), `"functionResponse"`) {
		part = `{"text":"Done."}`
	}
	fmt.Fprintf(w, `{"candidates":[{"content":{"role":"model","parts":[%s]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"totalTokenCount":7}}`, part)
}

// requests gives what was asked since the last time.
func (r *rig) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

func (r *rig) set(down, distrust bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down, r.distrust = down, distrust
}

const (
	tools   = `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"c":{"type":"string"}}}}}]`
	missing = `"thoughtSignature":"skip_thought_signature_validator"`
)

// chat asks with some messages and gives the answer's message.
func (r *rig) chat(t *testing.T, messages ...string) json.RawMessage {
	t.Helper()
	body := `{"model":"m",` + tools + `,"messages":[` + strings.Join(messages, ",") + `]}`
	q, _ := http.NewRequest(http.MethodPost, r.base+"/v1/chat/completions", strings.NewReader(body))
	q.Header.Set("Authorization", "Bearer "+gatewaytest.Key)
	q.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Choices []struct{ Message json.RawMessage }
	}
	raw, _ := io.ReadAll(res.Body)
	if json.Unmarshal(raw, &answer) != nil || res.StatusCode != 200 || len(answer.Choices) != 1 {
		t.Fatalf("%d %s", res.StatusCode, raw)
	}
	return answer.Choices[0].Message
}

// call begins a conversation and gives the assistant's message, as a client keeps it that
// knows all fields, and as one that knows only OpenAI's.
func (r *rig) call(t *testing.T) (user, whole, bare, result string) {
	t.Helper()
	user = `{"role":"user","content":"go"}`
	message := r.chat(t, user)
	var known struct {
		Calls []struct {
			ID       string `json:"id"`
			Type     string `json:"type"`
			Function struct {
				Name      string `json:"name"`
				Arguments string `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	}
	if err := json.Unmarshal(message, &known); err != nil || len(known.Calls) != 1 {
		t.Fatalf("%v in %s", err, message)
	}
	calls, _ := json.Marshal(known.Calls)
	return user, string(message), `{"role":"assistant","tool_calls":` + string(calls) + `}`,
		`{"role":"tool","tool_call_id":"` + known.Calls[0].ID + `","content":"sunny"}`
}

// TestSignaturesOnTheirWay plays conversations with calls through the gateway. The routes
// are strict, so that a signature which the client has not sent may not be told as its loss.
func TestSignaturesOnTheirWay(t *testing.T) {
	signed := `"thoughtSignature":"` + double.Mint(double.AIStudio, 1) + `"`
	t.Run("pain 17: a client that drops signatures has them kept for it", func(t *testing.T) {
		r := start(t, "strict")
		user, whole, bare, result := r.call(t)
		for _, assistant := range []string{whole, bare} {
			r.requests()
			r.chat(t, user, assistant, result)
			if asked := r.requests(); len(asked) != 1 || !strings.Contains(asked[0], signed) {
				t.Errorf("%q lacks %s", asked, signed)
			}
		}
	})
	t.Run("A21: on failover to Vertex AI the placeholder stands in", func(t *testing.T) {
		r := start(t, "strict")
		user, _, bare, result := r.call(t)
		r.requests()
		r.set(true, false)
		r.chat(t, user, bare, result)
		asked := r.requests()
		if len(asked) != 2 || !strings.HasPrefix(asked[0], double.AIStudio) || !strings.Contains(asked[0], signed) {
			t.Fatalf("AI Studio: %q", asked)
		}
		if !strings.HasPrefix(asked[1], double.Vertex) || strings.Contains(asked[1], signed) || !strings.Contains(asked[1], missing) || strings.Contains(asked[1], `"id"`) {
			t.Errorf("Vertex AI: %s", asked[1])
		}
	})
	t.Run("A22: refused signatures are replaced, once and on the same route", func(t *testing.T) {
		r := start(t, "")
		user, whole, bare, result := r.call(t)
		r.set(false, true)
		for i, assistant := range []string{whole, bare, whole, bare, whole, bare} { // no rest for the route or its key in between
			r.requests()
			r.chat(t, user, assistant, result)
			asked := r.requests()
			if len(asked) != 2 || !strings.HasPrefix(asked[0], double.AIStudio) || !strings.HasPrefix(asked[1], double.AIStudio) {
				t.Fatalf("round %d: %q", i, asked)
			}
			if !strings.Contains(asked[0], signed) || strings.Contains(asked[1], signed) || !strings.Contains(asked[1], missing) {
				t.Errorf("round %d: %q", i, asked)
			}
		}
	})
}
