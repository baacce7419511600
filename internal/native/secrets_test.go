package native

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// The canaries: secrets of no known form, and a prompt, that must not be found where they
// do not belong.
const (
	canaryEnv    = "canaryEnv5f1c09ab37"
	canaryFile   = "canaryFile7d22e4c1"
	canaryHeader = "canaryHeader90b3ff"
	canaryClient = "canaryClient1e8a62"
	canaryPrompt = "canary prompt 4fd1c0"
)

var canarySecrets = []string{canaryEnv, canaryFile, canaryHeader}

// echoing is a provider of all wires that fails as the model's name asks, and repeats all
// that it was sent: credentials and body.
func echoing(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		said := "refused " + strings.Join([]string{r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"), r.Header.Get("X-Goog-Api-Key"), r.Header.Get("X-Internal-Token"), r.URL.String(), string(body)}, " ")
		quoted, _ := json.Marshal(said)
		mode := modeOf(r, body)
		failure := fmt.Sprintf(`{"type":"error","error":{"type":"invalid_request_error","code":%d,"message":%s,"status":"INVALID_ARGUMENT"}}`, mode.status, quoted)
		switch mode.how {
		case "html":
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(mode.status)
			io.WriteString(w, "<html>"+said+"</html>")
		case "text":
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(mode.status)
			io.WriteString(w, said)
		case "first", "mid":
			w.Header().Set("Content-Type", "text/event-stream")
			if mode.how == "mid" {
				io.WriteString(w, content(r))
			}
			io.WriteString(w, "event: error\ndata: "+failure+"\n\n")
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(mode.status)
			io.WriteString(w, failure)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

type mode struct {
	how    string
	status int
}

// modeOf reads how to fail from the model: "json-401", "html-502", "mid-200".
func modeOf(r *http.Request, body []byte) mode {
	var sent struct{ Model string }
	json.Unmarshal(body, &sent)
	name := sent.Model
	if name == "" {
		_, name, _ = strings.Cut(r.URL.Path, "/models/")
		name, _, _ = strings.Cut(name, ":")
	}
	var m mode
	m.how, name, _ = strings.Cut(name, "-")
	fmt.Sscan(name, &m.status)
	return m
}

// content is the beginning of a stream in the wire that the path tells.
func content(r *http.Request) string {
	switch {
	case strings.Contains(r.URL.Path, "/messages"):
		return "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n"
	case strings.Contains(r.URL.Path, "/models/"):
		return "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"hi\"}]}}]}\n\n"
	}
	return "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hi\"}}]}\n\n"
}

// canaryConfig has a provider of each kind, with secrets from environment, file and header.
func canaryConfig(url string) (global, site string) {
	global = `	xjp {
		provider chat openai {
			base_url ` + url + `/v1
			api_key {env.XJP_CANARY_ENV}
			header X-Internal-Token {env.XJP_CANARY_HEADER}
		}
		provider messages anthropic {file.{dir}/secret} {
			base_url ` + url + `
		}
		provider google gemini {env.XJP_CANARY_ENV} {
			base_url ` + url + `
		}
		provider router openrouter {file.{dir}/secret} {
			base_url ` + url + `
		}
		provider clewdr {env.XJP_CANARY_ENV} {
			base_url ` + url + `
		}
		provider express vertex {env.XJP_CANARY_ENV} {
			base_url ` + url + `
		}
		provider token vertex {
			access_token {file.{dir}/secret}
			project p
			base_url ` + url + `
		}
		key {env.XJP_CANARY_CLIENT} {
			id client
		}
		log_filter ok
	}
`
	site = `	log {
		output file {dir}/access.log {
			roll_disabled
		}
		level DEBUG
		format filter {
			request>headers>X-Api-Key delete
			request>headers>X-Goog-Api-Key delete
		}
	}
	tracing
	metrics /metrics
	xjp_gateway
`
	return global, site
}

// TestSecrets plants secrets, makes providers repeat them in all their failures, and looks
// for them everywhere.
func TestSecrets(t *testing.T) {
	t.Setenv("XJP_CANARY_ENV", canaryEnv)
	t.Setenv("XJP_CANARY_HEADER", canaryHeader)
	t.Setenv("XJP_CANARY_CLIENT", canaryClient)
	autosave := caddy.ConfigAutosavePath
	caddy.ConfigAutosavePath = filepath.Join(t.TempDir(), "autosave.json")
	t.Cleanup(func() { caddy.ConfigAutosavePath = autosave })

	spans.drop()
	global, site := canaryConfig(echoing(t))
	s := startWith(t, global, site, func(s *server) {
		if err := os.WriteFile(filepath.Join(filepath.Dir(s.log), "secret"), []byte(canaryFile+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	answers := s.failEverywhere()
	_, metrics := s.do(s.request("GET", "/metrics", ""))
	res, err := http.Get("http://" + s.admin + "/config/")
	if err != nil {
		t.Fatal(err)
	}
	config, _ := io.ReadAll(res.Body)
	res.Body.Close()
	_, adminMetrics := s.get("http://" + s.admin + "/metrics")
	exported, _ := json.Marshal(describe(spans.take(t)))

	all := append(canarySecrets, canaryClient)
	text := func(file string) string { data, _ := os.ReadFile(file); return string(data) }
	for _, place := range []struct {
		name, text string
		never      []string
		must       string // that the place is looked at at all
	}{
		{"check 4: the adapted JSON", string(gatewaytest.Adapt(t, s.config)), all, "{env.XJP_CANARY_ENV}"},
		{"check 10: /config/ of the admin API", string(config), all, "{env.XJP_CANARY_ENV}"},
		{"autosave.json", text(caddy.ConfigAutosavePath), all, "{env.XJP_CANARY_ENV}"},
		{"pain 40: the default log at level DEBUG", text(s.log), append(all, canaryPrompt), "attempt failed"},
		{"the access log", text(filepath.Join(filepath.Dir(s.log), "access.log")), append(all, canaryPrompt), `"user_id":"client"`},
		{"metrics of the site", metrics, append(all, canaryPrompt), "caddy_xjp_upstream_errors_total"},
		{"metrics of the admin API", adminMetrics, append(all, canaryPrompt), "caddy_xjp_upstream_errors_total"},
		{"spans", string(exported), append(all, canaryPrompt), "gen_ai.request.model"},
		{"answers to clients", strings.Join(answers, "\n"), all, "REDACTED"},
	} {
		t.Run(place.name, func(t *testing.T) {
			for _, secret := range place.never {
				if i := strings.Index(place.text, secret); i >= 0 {
					t.Errorf("%s is in …%s…", secret, place.text[max(0, i-300):min(len(place.text), i+80)])
				}
			}
			if !strings.Contains(place.text, place.must) {
				t.Errorf("no %s in %.2000s", place.must, place.text)
			}
		})
	}
}

// failEverywhere asks each provider in both dialects for each failure, and returns the
// answers.
func (s *server) failEverywhere() []string {
	var answers []string
	for _, provider := range []string{"chat", "messages", "google", "router", "clewdr", "express", "token"} {
		for _, how := range []string{"json-400", "json-401", "json-402", "json-403", "json-404", "json-413", "json-429", "json-500", "json-503", "json-529", "json-200", "html-200", "html-502", "text-400", "text-500", "first-200", "mid-200"} {
			for _, path := range []string{chat, messages} {
				for _, stream := range []bool{false, true} {
					r := s.request(http.MethodPost, path, ask(path, provider+"/"+how, canaryPrompt, stream))
					r.Header.Del("Authorization")
					r.Header.Del("X-Api-Key")
					if path == chat {
						r.Header.Set("Authorization", "Bearer "+canaryClient)
					} else {
						r.Header.Set("X-Api-Key", canaryClient)
					}
					_, answer := s.do(r)
					answers = append(answers, answer)
				}
			}
		}
	}
	return answers
}
