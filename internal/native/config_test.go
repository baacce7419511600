package native

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestModules checks what is built in, and that others' modules join without a change.
func TestModules(t *testing.T) {
	t.Run("check 2: the modules are those documented, and a third party's joins them", func(t *testing.T) {
		var got []string
		for _, id := range caddy.Modules() {
			if strings.Contains(id, "xjp") {
				got = append(got, id)
			}
		}
		want := []string{"admin.api.xjp", "http.authentication.providers.xjp_key", "http.handlers.xjp_admin", "http.handlers.xjp_auth", "http.handlers.xjp_error", "http.handlers.xjp_gateway", "xjp",
			"xjp.providers.anthropic", "xjp.providers.clewdr", "xjp.providers.crashing", "xjp.providers.demo", "xjp.providers.foreign",
			"xjp.providers.gemini", "xjp.providers.openai", "xjp.providers.openrouter", "xjp.providers.vertex", "xjp.state.memory", "xjp.state.redis", "xjp.stores.postgres", "xjp.stores.sqlite"}
		if !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("check 24: other transports, and all options of the usual one", func(t *testing.T) {
		url := telling(t)
		s := start(t, "\txjp {\n\t\tprovider x foreign {\n\t\t\tplanet mars\n\t\t\tbase_url "+url+"\n\t\t\ttransport counted\n\t\t}\n\t\tprovider y foreign {\n\t\t\tbase_url "+url+
			"\n\t\t\ttransport http {\n\t\t\t\tdial_timeout 2s\n\t\t\t\tkeepalive 30s\n\t\t\t\tmax_conns_per_host 4\n\t\t\t\tresponse_header_timeout 5s\n\t\t\t}\n\t\t}\n\t\tkey "+key+"\n\t}\n", "\txjp_gateway\n")
		before := countedCalls
		for _, model := range []string{"x/up", "y/up"} {
			if res, body := s.post(chat, ask(chat, model, "hi", false)); res.StatusCode != 200 || !strings.Contains(body, said) {
				t.Errorf("%s: %d %s", model, res.StatusCode, body)
			}
		}
		if countedCalls != before+1 {
			t.Errorf("%d calls went through the transport", countedCalls-before)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
}

// TestExampleFormat checks the example; the pages' snippets are checked where the pages are.
func TestExampleFormat(t *testing.T) {
	t.Run("check 3: caddy fmt leaves the example as it is", func(t *testing.T) {
		text, err := os.ReadFile("../../Caddyfile.example")
		if err != nil {
			t.Fatal(err)
		}
		if got := caddyfile.Format(text); string(got) != string(text) {
			t.Errorf("it would be\n%s", got)
		}
	})
}

// validated adapts and validates a Caddyfile as `caddy validate` does.
func validated(text string) error {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err
	}
	return validatedJSON(string(config))
}

func validatedJSON(text string) error {
	var config caddy.Config
	if err := caddy.StrictUnmarshalJSON([]byte(text), &config); err != nil {
		return err
	}
	config.Admin = &caddy.AdminConfig{Disabled: true}
	config.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "PANIC"}}}}
	return caddy.Validate(&config)
}

// TestParserErrors checks that mistakes are named where they were made.
func TestParserErrors(t *testing.T) {
	for _, test := range []struct{ name, caddyfile, want string }{
		{"check 6: errors end with the line of the offending token, in snippets too",
			"(gateway) {\n\txjp_gateway {\n\t\tprovider demo\n\t\tmax_body huge\n\t}\n}\n\n:80 {\n\timport gateway\n}\n", "at Caddyfile:4 import chain ['Caddyfile:9 (import gateway)']"},
		{"check 7: a mistyped kind is told the near one and all there are",
			"{\n\txjp {\n\t\tprovider main opnrouter\n\t}\n}\n", "unknown provider kind 'opnrouter', did you mean 'openrouter'?; there are: anthropic, clewdr, crashing, demo, foreign, gemini, openai, openrouter, vertex"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := validated(test.caddyfile); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// inJSON is a configuration of the app, and of a site's handler, in JSON.
func inJSON(app, handler string) string {
	return `{"apps":{"xjp":` + app + `,"http":{"servers":{"s":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"xjp_gateway"` + handler + `}]}]}}}}}`
}

// TestJSON checks configurations that no parser has seen.
func TestJSON(t *testing.T) {
	const models = `"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a","aliases":["a2"],"routes":[{"provider":"demo","model":"a"}]}]`
	for _, test := range []struct{ name, app, handler, want string }{
		{"check 5: an unknown field is named", `{` + models + `,"max_bodie":3}`, ``, `unknown field "max_bodie"`},
		{"an unknown field of a provider", `{"providers":{"demo":{"kind":"demo","speed":3}}}`, ``, `unknown field "speed"`},
		{"check 8: a route to an unknown provider", `{"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a","routes":[{"provider":"dmeo","model":"a"}]}]}`, ``, `model "a": route 1: unknown provider 'dmeo', did you mean 'demo'?; configured are: demo`},
		{"a model twice", `{"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a","routes":[{"provider":"demo","model":"a"}]},{"name":"a","routes":[{"provider":"demo","model":"b"}]}]}`, ``, `model "a" is defined twice`},
		{"an alias that is a model", `{"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a","routes":[{"provider":"demo","model":"a"}]},{"name":"b","aliases":["a"],"routes":[{"provider":"demo","model":"b"}]}]}`, ``, `model "a" is defined twice`},
		{"a model without a route", `{"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a"}]}`, ``, `model "a" has no route`},
		{"a site's unknown model", `{` + models + `}`, `,"models":["a2","bb"]`, `models: unknown model 'bb'`},
		{"a key's id", `{` + models + `,"keys":[{"key":"XJP_json_key","id":"a/b"}]}`, ``, `key 1: id: may hold letters, digits, dots, dashes and underscores`},
		{"a key's tenant", `{` + models + `,"keys":[{"key":"XJP_json_key","tenant":"Acme & Co"}]}`, ``, `key 1: tenant: may hold letters, digits, dots, dashes and underscores`},
		{"a key's unknown model", `{` + models + `,"keys":[{"key":"XJP_json_key","models":["nobody"]}]}`, ``, `key 1: unknown model 'nobody'`},
		{"a key's pattern with two stars", `{` + models + `,"keys":[{"key":"XJP_json_key"},{"key":"XJP_other_key","models":["a*","a*b*c"]}]}`, ``, `key 2: model 'a*b*c': only one * is allowed in a name`},
		{"the same of a site's own key", `{` + models + `}`, `,"config":{"keys":[{"key":"XJP_json_key","models":["a*b*c"]}]}`, `key 1: model 'a*b*c': only one * is allowed in a name`},
		{"a site's pattern with two stars", `{` + models + `}`, `,"models":["a*b*c"]`, `models: model 'a*b*c': only one * is allowed in a name`},
		{"providers in both places", `{` + models + `}`, `,"config":{"providers":{"other":{"kind":"demo"}}}`, `providers and models are defined in the xjp app and in a handler's config`},
		{"an empty secret", `{"providers":{"p":{"kind":"openrouter","api_keys":["{env.XJP_NATIVE_UNSET}"]}}}`, ``, `api_key: {env.XJP_NATIVE_UNSET} is unset or empty`},
		{"a negative size", `{"max_body":-1}`, ``, `max_body must be from 0 to`},
		{"a negative time", `{"timeouts":{"idle":-1}}`, ``, `a duration must not be negative`},
		{"connect on a route", `{"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a","routes":[{"provider":"demo","model":"a","timeouts":{"connect":"3s"}}]}]}`, ``, `connect holds for all routes of a provider`},
		{"an unknown wire", `{"providers":{"demo":{"kind":"demo"}},"models":[{"name":"a","routes":[{"provider":"demo","model":"a","wire":"telex"}]}]}`, ``, `wire: 'telex' is not known`},
		{"an unknown auth", `{` + models + `}`, `,"auth":"maybe"`, `auth: "maybe" is not known`},
		{"a key that is too short", `{` + models + `,"keys":[{"key":"short","optional":true}]}`, ``, `a key must have at least 8 characters`},
		{"two equal key ids", `{` + models + `,"keys":[{"key":"XJP_json_key1","id":"a"},{"key":"XJP_json_key2","id":"a"}]}`, ``, `the key id "a" is used twice`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := validatedJSON(inJSON(test.app, test.handler))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("each golden of the parser loads as JSON", func(t *testing.T) {
		for _, name := range []string{"OPENROUTER_API_KEY", "XJP_KEY", "OR_EU", "TEAM", "CLEWDR_API_KEY", "OR_ONE", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "VERTEX_ACCESS_TOKEN", "VERTEX_PROJECT"} {
			t.Setenv(name, "XJP_golden_"+name)
		}
		t.Setenv("CLEWDR_BASE_URL", "http://127.0.0.1:1")
		files, _ := filepath.Glob("../../testdata/adapt/*.caddyfiletest")
		n := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, config, _ := strings.Cut(string(text), "\n----------\n")
			if strings.Contains(file, "error_") || strings.Contains(config, "GOOGLE_APPLICATION_CREDENTIALS") {
				continue // the latter need a file
			}
			n++
			if err := validatedJSON(config); err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
		}
		if n < 8 {
			t.Errorf("only %d", n)
		}
	})
}

// TestPlaceholdersOfSecrets checks secrets by placeholder, and how missing ones are named.
func TestPlaceholdersOfSecrets(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte("XJP_from_file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XJP_NATIVE_SET", "XJP_from_env")
	t.Setenv("XJP_NATIVE_UNSET", "")
	app := func(line string) string { return "{\n\txjp {\n\t\t" + line + "\n\t}\n}\n:80 {\n\txjp_gateway\n}\n" }
	for _, test := range []struct{ name, line, want string }{
		{"check 9: secrets from environment and file", "provider a openrouter {env.XJP_NATIVE_SET}\n\t\tprovider b anthropic {file." + file + "}\n\t\tkey {env.XJP_NATIVE_SET}\n\t\tkey {file." + file + "}", ""},
		{"an unset variable", "provider a openrouter {env.XJP_NATIVE_UNSET}", "api_key: {env.XJP_NATIVE_UNSET} is unset or empty"},
		{"a missing file", "provider a openrouter {file." + dir + "/none}", "api_key: {file." + dir + "/none} is unset or empty"},
		{"an unset base_url", "provider a openai {\n\t\t\tbase_url {env.XJP_NATIVE_UNSET}\n\t\t}", "base_url: {env.XJP_NATIVE_UNSET} is unset or empty"},
		{"an unset header", "provider a openai {env.XJP_NATIVE_SET} {\n\t\t\theader X-A {env.XJP_NATIVE_UNSET}\n\t\t}", "header X-A: {env.XJP_NATIVE_UNSET} is unset or empty"},
		{"an unset key", "provider demo\n\t\tkey {env.XJP_NATIVE_UNSET}", "key: {env.XJP_NATIVE_UNSET} is unset or empty"},
		{"part of a value is not repeated", "provider a openai {\n\t\t\tbase_url {env.XJP_NATIVE_SET}{env.XJP_NATIVE_UNSET}\n\t\t}", "base_url: "},
		{"a placeholder that nobody knows", "provider a openrouter {nonsense}", "api_key: {nonsense} is unset or empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := validated(app(test.line))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "XJP_from") {
				t.Errorf("the value is told: %v", err)
			}
		})
	}
}

// TestValidateIsOffline checks that validation calls nobody.
func TestValidateIsOffline(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			conn.Close()
		}
	}()
	defer listener.Close()
	url := "http://" + listener.Addr().String()
	credentials := filepath.Join(t.TempDir(), "credentials.json")
	quoted, _ := json.Marshal(url)
	if err := os.WriteFile(credentials, []byte(`{"type":"authorized_user","client_id":"i","client_secret":"s","refresh_token":"t","quota_project_id":"p","token_uri":`+string(quoted)+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var providers strings.Builder
	for _, kind := range []string{"openai", "anthropic", "openrouter", "gemini", "clewdr"} {
		fmt.Fprintf(&providers, "\t\tprovider %s {\n\t\t\tapi_key XJP_offline_key\n\t\t\tbase_url %s\n\t\t}\n", kind, url)
	}
	fmt.Fprintf(&providers, "\t\tprovider vertex {\n\t\t\tproject p\n\t\t\tcredentials %s\n\t\t\tbase_url %s\n\t\t}\n", credentials, url)
	if err := validated("{\n\txjp {\n" + providers.String() + "\t}\n}\n:80 {\n\txjp_gateway\n}\n"); err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("validation made %d connections", n)
	}
}

// TestSites checks how sites and Caddy's own routing compose.
func TestSites(t *testing.T) {
	app := "\txjp {\n\t\tprovider demo\n\t\tmodel a {\n\t\t\talias a2\n\t\t\troute demo demo\n\t\t}\n\t\tmodel b {\n\t\t\troute demo demo\n\t\t}\n\t\tkey " + key + "\n\t}\n"
	status := func(s *server, path, model string) int {
		res, _ := s.post(path, ask(chat, model, "hi", false))
		return res.StatusCode
	}
	t.Run("check 15: sites share the registry and see what they are narrowed to", func(t *testing.T) {
		s := start(t, app, "\thandle_path /one/* {\n\t\txjp_gateway {\n\t\t\tmodels a2\n\t\t}\n\t}\n\thandle_path /two/* {\n\t\txjp_gateway {\n\t\t\tmodels b\n\t\t}\n\t}\n\txjp_gateway\n")
		for _, test := range []struct {
			path, model string
			want        int
		}{{"/one", "a2", 200}, {"/one", "b", 404}, {"/two", "b", 200}, {"/two", "a", 404}, {"/two", "a2", 404}, {"", "a", 200}, {"", "b", 200}} {
			if got := status(s, test.path+chat, test.model); got != test.want {
				t.Errorf("%s at %q: %d, want %d", test.model, test.path, got, test.want)
			}
		}
		if _, list := s.do(s.request("GET", "/two/v1/models", "")); strings.Contains(list, `"a"`) || !strings.Contains(list, `"b"`) {
			t.Errorf("the narrowed site lists %s", list)
		}
	})
	t.Run("check 16: matchers, handle, route, invoke and what follows compose", func(t *testing.T) {
		s := start(t, app, "\t@office header X-Office yes\n\thandle /office/* {\n\t\turi strip_prefix /office\n\t\troute {\n\t\t\txjp_gateway @office\n\t\t\trespond outside 403\n\t\t}\n\t}\n\thandle /invoked/* {\n\t\turi strip_prefix /invoked\n\t\tinvoke gateway\n\t}\n\troute {\n\t\txjp_gateway\n\t\trespond \"the next handler\" 299\n\t}\n}\n&(gateway) {\n\txjp_gateway {\n\t\tmodels b\n\t}\n")
		r := s.request("POST", "/office"+chat, ask(chat, "a", "hi", false))
		if res, _ := s.do(r); res.StatusCode != 403 {
			t.Errorf("outside: %d", res.StatusCode)
		}
		r = s.request("POST", "/office"+chat, ask(chat, "a", "hi", false))
		r.Header.Set("X-Office", "yes")
		if res, _ := s.do(r); res.StatusCode != 200 {
			t.Errorf("inside: %d", res.StatusCode)
		}
		if got := status(s, "/invoked"+chat, "b"); got != 200 {
			t.Errorf("invoked: %d", got)
		}
		if got := status(s, "/invoked"+chat, "a"); got != 404 {
			t.Errorf("invoked with another model: %d", got)
		}
		if res, body := s.get(s.address + "/some/page"); res.StatusCode != 299 || body != "the next handler" {
			t.Errorf("another path: %d %s", res.StatusCode, body)
		}
		if got := status(s, chat, "a"); got != 200 {
			t.Errorf("the path: %d", got)
		}
	})
	t.Run("one block for two listeners", func(t *testing.T) {
		other := gatewaytest.FreePort(t)
		s := start(t, "", fmt.Sprintf("\trespond /healthz ok\n}\nhttp://127.0.0.1:%d, http://127.0.0.1:0 {\n\tbind 127.0.0.1\n\txjp_gateway {\n\t\tprovider demo\n\t\tkey "+key+"\n\t}\n", other))
		s.address = fmt.Sprintf("http://127.0.0.1:%d", other)
		if got := status(s, chat, "demo"); got != 200 {
			t.Errorf("status %d", got)
		}
	})
}

// TestOptional checks providers whose secrets are unset.
func TestOptional(t *testing.T) {
	t.Setenv("XJP_NATIVE_UNSET", "")
	app := "\txjp {\n\t\tprovider demo\n\t\tprovider away openrouter {env.XJP_NATIVE_UNSET} {\n\t\t\toptional\n\t\t}\n\t\tmodel both {\n\t\t\troute away x\n\t\t\troute demo demo\n\t\t}\n\t\tmodel away {\n\t\t\troute away x\n\t\t}\n\t\tkey " + key + "\n\t\tkey {env.XJP_NATIVE_UNSET} {\n\t\t\toptional\n\t\t}\n\t}\n"
	s := start(t, app, "\txjp_gateway\n")
	t.Run("left out with one warning", func(t *testing.T) {
		lines := s.lines(s.log, "optional provider is left out")
		if len(lines) != 1 || lines[0]["level"] != "warn" || lines[0]["provider"] != "away" || lines[0]["reason"] != "api_key: {env.XJP_NATIVE_UNSET} is unset or empty" {
			t.Errorf("logged %v", lines)
		}
	})
	t.Run("its routes are skipped", func(t *testing.T) {
		if res, body := s.post(chat, ask(chat, "both", "hi", false)); res.StatusCode != 200 {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
	for _, test := range []struct {
		name, path string
		status     int
		want       string
	}{
		{"a model left with no route says so to Chat", chat, 503, "{\"error\":{\"message\":\"model `away` has no usable route: provider away: "},
		{"and to Messages", messages, 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"model `away` has no usable route: provider away: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if res, body := s.post(test.path, ask(test.path, "away", "hi", true)); res.StatusCode != test.status || !strings.HasPrefix(body, test.want) {
				t.Errorf("%d %s", res.StatusCode, body)
			}
		})
	}
	t.Run("it comes alive with its secret", func(t *testing.T) {
		t.Setenv("XJP_NATIVE_UNSET", "XJP_native_now_set")
		s.load(strings.Replace(app, "{\n\t\t\toptional", "{\n\t\t\tbase_url "+telling(t)+"\n\t\t\toptional", 1), "\txjp_gateway\n")
		if res, body := s.post(chat, ask(chat, "away", "hi", false)); res.StatusCode != 200 || !strings.Contains(body, said) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
}

// TestConnectTimeout checks that timeout connect bounds the dial of providers' transports.
func TestConnectTimeout(t *testing.T) {
	url := telling(t)
	for _, test := range []struct{ name, connect, transport, want string }{
		{"the common limit", "connect 1ns", "", "502"},
		{"a transport's own limit is kept", "connect 1ns", "\n\t\t\ttransport http {\n\t\t\t\tdial_timeout 5s\n\t\t\t}", "200"},
		{"another transport has none", "connect 1ns", "\n\t\t\ttransport counted", "200"},
		{"no limit set", "idle 1m", "", "200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, "\txjp {\n\t\ttimeout {\n\t\t\t"+test.connect+"\n\t\t}\n\t\tprovider p openai {\n\t\t\tbase_url "+url+test.transport+"\n\t\t}\n\t\tkey "+key+"\n\t}\n", "\txjp_gateway\n")
			if res, body := s.post(chat, ask(chat, "up", "hi", false)); fmt.Sprint(res.StatusCode) != test.want {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		})
	}
}

// TestCommands runs the binary as an operator does.
func TestCommands(t *testing.T) {
	run := func(args ...string) (string, error) {
		cmd := exec.Command(os.Args[0], args...)
		dir := t.TempDir()
		cmd.Env = append(os.Environ(), "XJP_TEST_COMMAND=1", "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	t.Run("check 25: help, completion and manual know the command", func(t *testing.T) {
		if out, err := run("help", "xjp"); err != nil || !strings.Contains(out, "check") {
			t.Errorf("%v %s", err, out)
		}
		if out, err := run("completion", "bash"); err != nil || !strings.Contains(out, "bash completion") {
			t.Errorf("%v %.200s", err, out)
		}
		dir := t.TempDir()
		if out, err := run("manpage", "--directory", dir); err != nil {
			t.Errorf("%v %s", err, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "caddy-xjp-check.8")); err != nil {
			t.Error(err)
		}
	})
	t.Run("list-modules and validate", func(t *testing.T) {
		if out, err := run("list-modules"); err != nil || !strings.Contains(out, "http.handlers.xjp_gateway") {
			t.Errorf("%v %.200s", err, out)
		}
		file := filepath.Join(t.TempDir(), "Caddyfile")
		if err := os.WriteFile(file, []byte("{\n\tadmin off\n}\n:80 {\n\txjp_gateway {\n\t\tprovider demo\n\t\tauth off\n\t}\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := run("validate", "--config", file, "--adapter", "caddyfile"); err != nil || !strings.Contains(out, "Valid configuration") {
			t.Errorf("%v %s", err, out)
		}
	})
}
