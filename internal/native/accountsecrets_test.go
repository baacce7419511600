package native

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
)

// More canaries: secrets of what keeps accounts, and words of clients, models and operators.
const (
	canaryPepper   = "canaryPepper8b1d33c2"
	canaryHook     = "canaryHook41fe09"
	canaryDSN      = "canaryDsn2a9e77"
	canaryRedis    = "canaryRedis6c4bd1"
	canaryAnswer   = "canary answer 77b0aa"
	canaryArgument = "canary argument 5d21"
	canaryUser     = "canaryUser93b7"
	canaryNote     = "canaryNote03ce"
)

// canaryWords are what clients and models say to each other.
var canaryWords = []string{canaryPrompt, canaryAnswer, canaryArgument, canaryUser}

// confiding is a provider of Chat whose answers hold canaries, in words and in the
// arguments of a tool.
func confiding(t *testing.T) string {
	const chunk = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":%s}]}` + "\n\n"
	call := `{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":"{\"at\":\"` + canaryArgument + `\"}"}}`
	const usage = `"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !bytes.Contains(body, []byte(`"stream":true`)) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":%q,"tool_calls":[%s]},"finish_reason":"tool_calls"}],%s}`, canaryAnswer, call, usage)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, chunk, `{"role":"assistant","content":"`+canaryAnswer+`"}`)
		fmt.Fprintf(w, chunk, `{"tool_calls":[`+call+`]}`)
		io.WriteString(w, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`+"\n\n")
		io.WriteString(w, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[],`+usage+"}\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// accountApp is an app that keeps accounts with an engine for the store and for the state,
// and that has a client in its configuration.
func accountApp(url, engines string) string {
	return `	xjp {
		provider chat openai {
			base_url ` + url + `/v1
			api_key {env.XJP_CANARY_ENV}
		}
		model chat {
			route chat up
			price {
				input 300
				output 1500
			}
		}
		` + engines + `
		prices {
			offline
		}
		pepper {env.XJP_CANARY_PEPPER}
		budget_alerts 1 {
			webhook {env.XJP_CANARY_HOOK}
		}
		key {env.XJP_CANARY_CLIENT} {
			id client
			limits {
				rpm 1000
			}
		}
		log_filter ok
	}
`
}

// confide sends a request with canaries in it, and returns the answer.
func (s *server) confide(path, secret string, stream bool) (*http.Response, string) {
	body := strings.TrimSuffix(ask(path, "chat", canaryPrompt, stream), "}") + `,"metadata":{"user_id":"` + canaryUser + `"}}`
	r := s.request(http.MethodPost, path, body)
	r.Header.Del("X-Api-Key")
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("X-Xjp-Session", "s1")
	r.Header.Set("Idempotency-Key", fmt.Sprint(path, stream)) // so that answers are kept
	return s.do(r)
}

// administrate asks Caddy's admin endpoint.
func (s *server) administrate(method, path, body string) (status int, answer string) {
	s.t.Helper()
	r, err := http.NewRequest(method, "http://"+s.admin+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, text := s.do(r)
	return res.StatusCode, text
}

// newKey makes a key by the admin API.
func (s *server) newKey(body string) (id, secret string) {
	s.t.Helper()
	status, answer := s.administrate("POST", "/xjp/keys", body)
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status != http.StatusCreated || made.Secret == "" {
		s.t.Fatalf("%d %s", status, answer)
	}
	return made.ID, made.Secret
}

// folder reads all files whose names begin with a path.
func folder(t *testing.T, path string) string {
	t.Helper()
	var all strings.Builder
	files, _ := filepath.Glob(path + "*")
	for _, file := range files {
		info, err := os.Stat(file)
		if err == nil && info.IsDir() {
			all.WriteString(folder(t, file+string(filepath.Separator)))
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		all.Write(data)
	}
	return all.String()
}

// place is where secrets are looked for.
type place struct {
	name, text string
	never      []string
	must       string // that the place is looked at at all
}

func (p *place) search(t *testing.T) {
	t.Run(p.name, func(t *testing.T) {
		for _, secret := range p.never {
			if i := strings.Index(p.text, secret); i >= 0 {
				t.Errorf("%s is in …%q…", secret, p.text[max(0, i-200):min(len(p.text), i+80)])
			}
		}
		if !strings.Contains(p.text, p.must) {
			t.Errorf("no %q in %.2000q", p.must, p.text)
		}
	})
}

// hook takes what webhooks are sent.
type hook struct {
	mu   sync.Mutex
	sent []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, fmt.Sprint(r.Header, string(body)))
}

func (h *hook) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.sent, "\n")
}

// lists are all that the admin API tells, of a key and of a request.
func lists(key, request string) []string {
	return []string{
		"/xjp/tenants", "/xjp/tenants/acme", "/xjp/keys", "/xjp/keys/" + key, "/xjp/usage", "/xjp/usage?by=day,tenant,key,model,provider&format=csv",
		"/xjp/requests", "/xjp/requests?format=jsonl", "/xjp/requests?format=csv", "/xjp/requests/" + request, "/xjp/limits?key=" + key, "/xjp/billing/transactions", "/xjp/billing/summary", "/internal/billing/transactions", "/internal/billing/summary",
		"/xjp/models", "/xjp/routes", "/xjp/audit", "/xjp/openapi.json", "/metrics", "/reverse_proxy/upstreams", "/debug/vars", "/debug/pprof/goroutine?debug=2",
	}
}

// TestSecretsOfAccounts plants secrets in all that keeps accounts, and words that are
// nobody's business, and looks for them everywhere.
func TestSecretsOfAccounts(t *testing.T) {
	hooked := new(hook)
	webhook := httptest.NewServer(hooked)
	t.Cleanup(webhook.Close)
	away := gatewaytest.FreePort(t)
	for name, value := range map[string]string{
		"ENV": canaryEnv, "CLIENT": canaryClient, "PEPPER": canaryPepper, "HOOK": webhook.URL + "/" + canaryHook,
		"DSN":      fmt.Sprintf("postgres://xjp:%s@127.0.0.1:%d/xjp?sslmode=disable", canaryDSN, away),
		"BAD_DSN":  "postgres://xjp:" + canaryDSN + "@127.0.0.1:port/xjp",
		"REDIS":    fmt.Sprintf("redis://xjp:%s@127.0.0.1:%d/0", canaryRedis, away),
		"PASSWORD": canaryRedis,
	} {
		t.Setenv("XJP_CANARY_"+name, value)
	}
	autosave := caddy.ConfigAutosavePath
	caddy.ConfigAutosavePath = filepath.Join(t.TempDir(), "autosave.json")
	t.Cleanup(func() { caddy.ConfigAutosavePath = autosave })
	spans.drop()

	url := confiding(t)
	_, site := canaryConfig(url)
	s := start(t, accountApp(url, "store sqlite {dir}/xjp.db\n\t\tledger {\n\t\t\tjournal {dir}/journal\n\t\t}"), site)
	dir := filepath.Dir(s.log)
	id, secret := s.newKey(`{"tenant":"acme","create_tenant":true,"description":"a key","limits":{"budget_per_month":"0.8"},"metadata":{"note":"` + canaryNote + `"}}`)
	_, successor := func() (string, string) {
		status, answer := s.administrate("POST", "/xjp/keys/"+id+"/rotate", `{"overlap":"1d"}`)
		var made struct{ ID, Secret string }
		if err := json.Unmarshal([]byte(answer), &made); err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s", status, answer)
		}
		return made.ID, made.Secret
	}()
	private, mistyped := secret[16:48], "canaryTypo7c55"+secret[18:]
	credentials := []string{canaryEnv, canaryClient, canaryPepper, canaryHook, canaryDSN, canaryRedis, private, successor[16:48], "canaryTypo7c55"}
	all := append(append([]string{canaryNote}, canaryWords...), credentials...)

	// Requests that are served, refused, and of nobody.
	var refusals, request string
	for range 2 {
		for _, path := range []string{chat, messages} {
			for _, stream := range []bool{false, true} {
				res, answer := s.confide(path, secret, stream)
				switch {
				case res.StatusCode != http.StatusOK:
					refusals += answer
				case !strings.Contains(answer, canaryAnswer):
					t.Fatalf("%d %s", res.StatusCode, answer)
				default:
					request = res.Header.Get("X-Request-Id")
				}
			}
		}
	}
	for _, wrong := range []string{mistyped, secret + "x", "XJP_canaryTypo7c55"} {
		res, answer := s.confide(chat, wrong, false)
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("a wrong key: %d", res.StatusCode)
		}
		refusals += answer
	}
	s.confide(chat, canaryClient, false)
	if err := validated("{\n" + accountApp(url, "store postgres postgres://xjp:"+canaryDSN+"@127.0.0.1/xjp") + "}\n"); err == nil {
		t.Error("a password in clear is taken")
	} else {
		refusals += err.Error()
	}
	gatewaytest.Store(t) // what is recorded is stored
	eventually(t, "the webhook is called", func() bool { return hooked.told() != "" })

	told := ""
	for _, path := range lists(id, request) {
		status, answer := s.administrate("GET", path, "")
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, answer)
		}
		told += path + "\n" + strings.ReplaceAll(answer, canaryNote, "the note") // which operators may see
	}
	for _, asked := range [][3]string{
		{"POST", "/xjp/keys", `{"tenant":"acme","secret":"` + secret + `"}`}, {"POST", "/xjp/keys", `{"tenant":"acme","limits":{"rpm":"` + private + `"}}`},
		{"PATCH", "/xjp/keys/" + id, `{"expires":"` + canaryPrompt + `"}`},
	} {
		status, answer := s.administrate(asked[0], asked[1], asked[2])
		if status != 400 || !strings.Contains(answer, `"error"`) {
			t.Errorf("%s %s: %d %s", asked[0], asked[1], status, answer)
		}
	}
	if shown := s.run("keys", "show", secret); !strings.Contains(shown, id) { // a whole key, where its id is meant
		t.Errorf("shown is %s", shown)
	} else {
		told += strings.ReplaceAll(shown, canaryNote, "the note")
	}
	for _, path := range []string{"/xjp/explain", "/xjp/billing/quote"} {
		body := ask(chat, "chat", canaryPrompt, false)
		if path == "/xjp/billing/quote" {
			body = `{"request":` + body + `}`
		}
		status, answer := s.administrate("POST", path, body)
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, answer)
		}
		told += answer
	}
	_, metrics := s.get(s.address + "/metrics")
	_, config := s.administrate("GET", "/config/", "")

	plain, mac := keys.HashOf(secret), hmac.New(sha256.New, []byte(canaryPepper))
	mac.Write([]byte(secret))
	database := folder(t, filepath.Join(dir, "xjp.db"))
	for _, p := range []place{
		{"the adapted JSON", string(gatewaytest.Adapt(t, s.config)), all, "{env.XJP_CANARY_PEPPER}"},
		{"/config/", config, all, "{env.XJP_CANARY_HOOK}"},
		{"autosave.json", folder(t, caddy.ConfigAutosavePath), all, "{env.XJP_CANARY_PEPPER}"},
		{"the default log at level DEBUG", folder(t, s.log), all, "budget"},
		{"the access log", folder(t, filepath.Join(dir, "access.log")), all, `"user_id":"` + id + `"`},
		{"metrics of the site", metrics, all, "caddy_xjp_"},
		{"errors that clients and operators are told", refusals, append(canaryWords, credentials...), "mistyped"},
		{"the admin API", told, all, id},
		{"what the webhook is told", hooked.told(), all, `"threshold"`},
		{"the file of the store", strings.ReplaceAll(database, canaryNote, ""), append(all, string(plain[:]), fmt.Sprintf("%x", plain)), string(mac.Sum(nil))},
		{"the journal", folder(t, filepath.Join(dir, "journal")), all, ""},
	} {
		p.search(t)
	}

	// The store and the state are away, and their addresses are wrong.
	refusals = ""
	for i, dsn := range []string{"DSN", "BAD_DSN"} {
		engines := fmt.Sprintf("store postgres {env.XJP_CANARY_%s} {\n\t\t\tconnect_timeout 1s\n\t\t}\n\t\tledger {\n\t\t\tjournal {dir}/journal%d\n\t\t}\n\t\tstate redis {env.XJP_CANARY_REDIS}", dsn, i)
		s.load(accountApp(url, engines), site)
		for _, client := range []struct {
			secret string
			status int
		}{{secret, 503}, {canaryClient, 200}} {
			for _, path := range []string{chat, messages} {
				res, answer := s.confide(path, client.secret, false)
				if want := client.status; res.StatusCode != want && (path != messages || want != 503 || res.StatusCode != 529) {
					t.Errorf("%s: %d %s, want %d", path, res.StatusCode, answer, want)
				}
				if res.StatusCode != http.StatusOK {
					refusals += answer
				}
			}
		}
		for _, path := range lists(id, request) {
			_, answer := s.administrate("GET", path, "")
			refusals += answer
		}
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			_, answer := s.get(s.address + path)
			refusals += answer
		}
		_, config := s.administrate("GET", "/config/", "")
		refusals += config
	}
	for _, wrong := range []string{
		"store postgres {env.XJP_CANARY_PASSWORD}", "state redis {env.XJP_CANARY_BAD_REDIS}", "state redis redis://xjp:" + canaryRedis + "@127.0.0.1:port/0",
	} {
		t.Setenv("XJP_CANARY_BAD_REDIS", "redis://xjp:"+canaryRedis+"@127.0.0.1:port/0")
		err := validated("{\n" + accountApp(url, wrong) + "}\n:9 {\n\txjp_gateway\n}\n")
		if err == nil {
			t.Errorf("%s is taken", wrong)
			continue
		}
		refusals += err.Error() + "\n"
	}
	journals := folder(t, filepath.Join(dir, "journal0")) + folder(t, filepath.Join(dir, "journal1"))
	exported, _ := json.Marshal(describe(spans.take(t)))
	for _, p := range []place{
		{"the journal of a store that is away", journals, all, "client"},
		{"what is told while it is away", refusals, all, "cannot be checked at the moment"},
		{"the default log of that time", folder(t, s.log), all, "store cannot be opened"},
		{"the access log of that time", folder(t, filepath.Join(dir, "access.log")), all, `"user_id":"client"`},
		{"spans", string(exported), all, "gen_ai.request.model"},
	} {
		p.search(t)
	}
}
