package docs

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/jackc/pgx/v5"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/internal/servers"
)

// upstream is a provider that answers in Chat or in Messages, by the path, and says who
// called it for which model.
func upstream(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		who := r.URL.Path + " " + r.Header.Get("Authorization")
		if strings.HasSuffix(r.URL.Path, "/messages") {
			fmt.Fprintf(w, `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":%q}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}`, who)
			return
		}
		fmt.Fprintf(w, `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`, who)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// exampleWith runs Caddyfile.example with environment variables set, and no others.
func exampleWith(t *testing.T, env map[string]string) string {
	t.Helper()
	config := exampleConfig(t)
	for name, value := range env {
		t.Setenv(name, value)
	}
	return gatewaytest.Run(t, config)
}

// TestGoingReal checks what the README promises of Caddyfile.example when the environment
// variables of providers are set.
func TestGoingReal(t *testing.T) {
	const own = "XJP_key_of_my_own"
	url := upstream(t)
	ask := func(address, model, key string) asked {
		return post(t, address+"/v1/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"Hello"}]}`, "X-Api-Key", key)
	}
	for _, test := range []struct {
		name  string
		env   map[string]string
		model string
		key   string
		want  string
	}{
		{"OpenRouter", map[string]string{"OPENROUTER_API_KEY": "or-key", "OPENROUTER_BASE_URL": url + "/api/v1"}, "claude-sonnet-4.5", own, "200 /api/v1/chat/completions Bearer or-key"},
		{"OpenRouter without a key", nil, "claude-sonnet-4.5", own, "503 {env.OPENROUTER_API_KEY} is unset"},
		{"Clewdr", map[string]string{"CLEWDR_BASE_URL": url, "CLEWDR_API_KEY": "password"}, "my-clewdr-model", own, "200 /code/v1/messages Bearer password"},
		{"Clewdr without a password", map[string]string{"CLEWDR_BASE_URL": url}, "my-clewdr-model", own, "200 /code/v1/messages"},
		{"Clewdr without an address", map[string]string{"CLEWDR_API_KEY": "password"}, "my-clewdr-model", own, "503 {env.CLEWDR_BASE_URL} is unset"},
		{"Vertex AI without anything", nil, "gemini-pro", own, "503 credentials, access_token or api_key"},
		{"Vertex AI with a token and no project", map[string]string{"VERTEX_ACCESS_TOKEN": "token"}, "gemini-pro", own, "503 {env.VERTEX_PROJECT} is unset"},
		{"the public key", map[string]string{"OPENROUTER_API_KEY": "or-key", "OPENROUTER_BASE_URL": url}, "claude-sonnet-4.5", "XJP_test_key", "403 may not use"},
		{"a key of one's own and the demo", nil, "demo", own, "200 You said: Hello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			env := map[string]string{"XJP_KEY": own}
			for name, value := range test.env {
				env[name] = value
			}
			got := ask(exampleWith(t, env), test.model, test.key)
			status, words, _ := strings.Cut(test.want, " ")
			if fmt.Sprint(got.status) != status || !strings.Contains(got.body, words) {
				t.Errorf("got %d, want %s:\n%s", got.status, test.want, got.body)
			}
		})
	}
	for _, env := range []map[string]string{
		{"VERTEX_API_KEY": "key"},
		{"VERTEX_ACCESS_TOKEN": "token", "VERTEX_PROJECT": "p", "VERTEX_REGION": "us-central1"},
	} {
		t.Run(fmt.Sprint("Vertex AI with ", env), func(t *testing.T) {
			env["XJP_KEY"] = own
			address := exampleWith(t, env)
			// The model is there; it is not asked, since that would call Google.
			r, _ := http.NewRequest(http.MethodGet, address+"/v1/models/gemini-pro", nil)
			r.Header.Set("X-Api-Key", own)
			if answer := call(t, r); !strings.Contains(answer, `"max_input_tokens":1048576`) {
				t.Errorf("the model has no route: %s", answer)
			}
		})
	}
}

// TestWhereExampleStores checks that Caddyfile.example stores in a file, or in the database
// that DATABASE_URL names.
func TestWhereExampleStores(t *testing.T) {
	t.Run("a file", func(t *testing.T) {
		exampleWith(t, nil)
		gatewaytest.Store(t)
		if _, err := os.Stat(filepath.Join(caddy.AppDataDir(), "xjp", "xjp.db")); err != nil {
			t.Error(err)
		}
	})
	t.Run("a database", func(t *testing.T) {
		dsn := servers.PostgreSQL(t)
		exampleWith(t, map[string]string{"DATABASE_URL": dsn})
		gatewaytest.Store(t)
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		var found bool
		if err := conn.QueryRow(t.Context(), "SELECT to_regclass('xjp_keys') IS NOT NULL").Scan(&found); err != nil || !found {
			t.Errorf("the database has no keys: %v", err)
		}
	})
}
