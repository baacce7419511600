package xjpgateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	xjpgateway "github.com/rickyjim626/xjp-gateway"
	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// checkSecret is a key that must appear in no report.
const checkSecret = "sk-check-0123456789abcdef"

// answering is a provider that answers each call alike.
func answering(t *testing.T, status int, contentType, body string) string {
	t.Helper()
	return serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

func serving(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

const chatOK = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"OK"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}`

// check runs a check of a Caddyfile.
func check(t *testing.T, caddyfile string, o xjpgateway.CheckOptions) *xjpgateway.CheckReport {
	t.Helper()
	report, err := xjpgateway.Check(context.Background(), gatewaytest.Adapt(t, caddyfile), o)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(report); bytes.Contains(text, []byte(checkSecret)) {
		t.Errorf("the report holds the key: %s", text)
	}
	return report
}

// TestCheckSaysWhatIsWrong has one provider for each fault.
func TestCheckSaysWhatIsWrong(t *testing.T) {
	refused := fmt.Sprintf("http://127.0.0.1:%d", gatewaytest.FreePort(t))
	hanging := serving(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	json := "application/json"
	for _, test := range []struct {
		name, kind, url string
		state           xjpgateway.RouteState
		problem         string
		message, help   string // parts of them
	}{
		{"ok", "openai", answering(t, 200, json, chatOK), "ok", "", "", ""},
		{"wrong key", "openai", answering(t, 401, json, `{"error":{"message":"Incorrect API key provided: `+checkSecret+`","type":"invalid_request_error","code":"invalid_api_key"}}`), "failed", "credential", "401: Incorrect API key provided: REDACTED", "environment variable"},
		{"wrong key at Google", "gemini", answering(t, 400, json, `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`), "failed", "credential", "400: API key not valid", "key"},
		{"unknown model", "openai", answering(t, 404, json, `{"error":{"message":"The model m does not exist","type":"invalid_request_error","code":"model_not_found"}}`), "failed", "model", "404: The model m does not exist", "route's model"},
		{"unknown model by 400", "openrouter", answering(t, 400, json, `{"error":{"code":400,"message":"m is not a valid model ID"}}`), "failed", "model", "400: m is not a valid model ID", "route's model"},
		{"unknown path", "openai", answering(t, 404, "text/html", `<html>nginx</html>`), "failed", "model", "404: ", "path in base_url"},
		{"region", "gemini", answering(t, 400, json, `{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}`), "failed", "region", "User location is not supported", "location"},
		{"project", "gemini", answering(t, 403, json, `{"error":{"code":403,"message":"Generative Language API has not been used in project 1 before","status":"PERMISSION_DENIED"}}`), "failed", "credential", "403: ", "API is enabled"},
		{"no balance", "openrouter", answering(t, 402, json, `{"error":{"code":402,"message":"Insufficient credits"}}`), "failed", "balance", "402: Insufficient credits", "credit"},
		{"no balance by 400", "anthropic", answering(t, 400, json, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}`), "failed", "balance", "400: Your credit balance is too low", "credit"},
		{"no balance by 429", "openai", answering(t, 429, json, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`), "failed", "balance", "429: ", "credit"},
		{"rate limit", "openai", answering(t, 429, json, `{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}`), "failed", "rate limit", "429: Rate limit reached", "credential works"},
		{"overloaded", "anthropic", answering(t, 529, json, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), "failed", "provider", "529: Overloaded", "later"},
		{"refused field", "openai", answering(t, 400, json, `{"error":{"message":"Unknown parameter: 'x'.","type":"invalid_request_error"}}`), "failed", "request", "Unknown parameter", "body"},
		{"a model that thinks too long", "openai", answering(t, 400, json, `{"error":{"message":"Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens."}}`), "ok", "", "", ""},
		{"HTML", "openai", answering(t, 200, "text/html", `<html>login</html>`), "failed", "answer", "web page", "base_url"},
		{"no JSON", "openai", answering(t, 200, json, `hello`), "failed", "answer", "no JSON", "base_url"},
		{"connection refused", "openai", refused, "failed", "network", "refused", "port"},
		{"unknown host", "openai", "https://api.gateway-check.invalid", "failed", "network", "api.gateway-check.invalid cannot be resolved", "location"},
		{"no TLS", "openai", strings.Replace(answering(t, 200, json, chatOK), "http:", "https:", 1), "failed", "network", "does not speak TLS", "http://"},
		{"unknown authority", "openai", tls.URL, "failed", "network", "unknown authority", "tls_trust_pool"},
		{"no answer", "openai", hanging, "failed", "timeout", "within the time limit", "--timeout"},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := check(t, "{\n\txjp {\n\t\tprovider p "+test.kind+" {\n\t\t\tbase_url "+test.url+"\n\t\t\tapi_key "+checkSecret+"\n\t\t}\n\t\tmodel m {\n\t\t\troute p up\n\t\t}\n\t}\n}\n",
				xjpgateway.CheckOptions{Timeout: time.Second})
			if len(report.Routes) != 1 {
				t.Fatalf("%d routes", len(report.Routes))
			}
			got := report.Routes[0]
			if got.State != test.state || string(got.Problem) != test.problem || !strings.Contains(got.Message, test.message) || !strings.Contains(got.Help, test.help) {
				t.Errorf("got %+v", *got)
			}
			if got.Model != "m" || got.Provider != "p" || got.UpstreamModel != "up" {
				t.Errorf("got %+v", *got)
			}
			if report.OK != (test.state == "ok") {
				t.Errorf("OK is %t", report.OK)
			}
		})
	}
}

// TestCheckChooses checks which routes are called.
func TestCheckChooses(t *testing.T) {
	models := `{"data":[{"id":"text-embedding-mini"},{"id":"big"},{"id":"some-mini"}]}`
	url := serving(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/models") {
			io.WriteString(w, models)
			return
		}
		io.WriteString(w, chatOK)
	})
	const head = "{\n\txjp {\n\t\tprovider demo\n"
	local := "\t\tprovider local openai {\n\t\t\tbase_url " + url + "\n\t\t}\n"
	gone := "\t\tprovider gone openrouter {\n\t\t\tapi_key {env.XJP_CHECK_UNSET}\n\t\t\toptional\n\t\t}\n"
	both := head + local + gone + "\t\tmodel a {\n\t\t\troute demo demo\n\t\t\troute local one\n\t\t}\n\t\tmodel b {\n\t\t\troute gone x\n\t\t\troute local two\n\t\t}\n\t}\n}\n"
	inline := "http://127.0.0.1:80 {\n\tbind 127.0.0.1\n\txjp_gateway {\n\t\tprovider local openai {\n\t\t\tbase_url " + url + "\n\t\t}\n\t\tauth off\n\t\tlog_filter ok\n\t}\n}\n"
	for _, test := range []struct{ name, config, only, want string }{
		{"all", both, "", "a demo demo ok, a local one ok, b local two ok, - gone - left_out"},
		{"a provider", both, "local", "a local one ok, b local two ok"},
		{"a provider that is left out", both, "gone", "- gone - left_out"},
		{"a model", both, "a", "a demo demo ok, a local one ok"},
		{"a model with a route that is left out", both, "b", "b local two ok, - gone - left_out"},
		{"a wildcard tries a small model", head + local + "\t}\n}\n", "local", "local/some-mini local some-mini ok"},
		{"a wildcard with the model named", head + local + "\t}\n}\n", "local/big", "local/big local big ok"},
		{"a handler's own configuration", inline, "", "local/some-mini local some-mini ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range check(t, test.config, xjpgateway.CheckOptions{Only: test.only}).Routes {
				model, upstream := c.Model, c.UpstreamModel
				if model == "" {
					model, upstream = "-", "-"
				}
				got = append(got, strings.Join([]string{model, c.Provider, upstream, string(c.State)}, " "))
			}
			if got := strings.Join(got, ", "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("an unknown name lists those there are", func(t *testing.T) {
		_, err := xjpgateway.Check(context.Background(), gatewaytest.Adapt(t, both), xjpgateway.CheckOptions{Only: "nobody"})
		if err == nil || !strings.Contains(err.Error(), `"nobody"`) || !strings.Contains(err.Error(), "demo, gone, local") || !strings.Contains(err.Error(), "a, b") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no gateway", func(t *testing.T) {
		if _, err := xjpgateway.Check(context.Background(), []byte(`{}`), xjpgateway.CheckOptions{}); err == nil {
			t.Error("no error")
		}
	})
}

// TestMain lets the test binary be the command itself.
func TestMain(m *testing.M) {
	if os.Getenv("XJP_TEST_COMMAND") != "" {
		caddycmd.Main()
		return
	}
	gatewaytest.VerifyTestMain(m)
}

// command runs `caddy` with the given arguments and returns its output and exit status.
func command(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = append(os.Environ(), "XJP_TEST_COMMAND=1", "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestCheckCommand runs the command as an operator does.
func TestCheckCommand(t *testing.T) {
	dir := t.TempDir()
	bad := answering(t, 401, "application/json", `{"error":{"message":"no","code":401}}`)
	write := func(provider string) {
		config := "{\n\txjp {\n" + provider + "\t}\n}\n"
		if err := os.WriteFile(dir+"/Caddyfile", []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("\t\tprovider demo\n\t\tprovider other openai {\n\t\t\tapi_key {env.XJP_CHECK_UNSET}\n\t\t\toptional\n\t\t}\n\t\tmodel demo {\n\t\t\troute demo demo\n\t\t}\n")
	t.Run("a table, status 0 and a silent stderr", func(t *testing.T) {
		stdout, stderr, status := command(t, dir, "xjp", "check")
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if status != 0 || len(lines) != 2 || !strings.HasPrefix(lines[0], "ok ") || !strings.Contains(lines[0], "demo demo") ||
			!strings.HasPrefix(lines[1], "left out ") || !strings.Contains(lines[1], "{env.XJP_CHECK_UNSET}") {
			t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
		}
		if strings.Contains(stderr, "error") {
			t.Errorf("stderr: %s", stderr)
		}
	})
	write("\t\tprovider p openai {\n\t\t\tbase_url " + bad + "\n\t\t\tapi_key " + checkSecret + "\n\t\t}\n\t\tmodel m {\n\t\t\troute p up\n\t\t}\n")
	t.Run("JSON and status 1", func(t *testing.T) {
		stdout, stderr, status := command(t, "", "xjp", "check", "m", "--json", "--config", dir+"/Caddyfile", "--adapter", "caddyfile")
		var report struct {
			OK     bool
			Routes []struct{ Model, Provider, State, Problem, Help string }
		}
		if err := json.Unmarshal([]byte(stdout), &report); err != nil {
			t.Fatalf("%v in %s", err, stdout)
		}
		if status != 1 || report.OK || len(report.Routes) != 1 || report.Routes[0].Problem != "credential" || report.Routes[0].Help == "" {
			t.Errorf("status %d\n%s", status, stdout)
		}
		if strings.Contains(stdout+stderr, checkSecret) {
			t.Error("the key is in the output")
		}
	})
	t.Run("a name that is not there", func(t *testing.T) {
		if _, stderr, status := command(t, dir, "xjp", "check", "nobody"); status != 1 || !strings.Contains(stderr, "nobody") {
			t.Errorf("status %d\n%s", status, stderr)
		}
	})
	t.Run("the help", func(t *testing.T) {
		stdout, _, status := command(t, dir, "xjp", "check", "--help")
		for _, want := range []string{"--config", "--adapter", "--timeout", "--json", "exit\nstatus is 1"} {
			if status != 0 || !strings.Contains(stdout, want) {
				t.Errorf("status %d, no %q in\n%s", status, want, stdout)
			}
		}
		if stdout, _, _ := command(t, dir, "help"); !strings.Contains(stdout, "xjp") {
			t.Error("caddy help does not list xjp")
		}
	})
}
