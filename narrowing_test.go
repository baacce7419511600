package xjpgateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestNarrowing checks which names a site and a key that are narrowed serve and list.
func TestNarrowing(t *testing.T) {
	url := serving(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/models") {
			io.WriteString(w, `{"data":[{"id":"small"},{"id":"large"}]}`)
			return
		}
		io.WriteString(w, `{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
	})
	options := `
		provider narrowed openai {
			base_url ` + url + `
		}
		model plain {
			alias other
			route narrowed small
		}
		model wild/* {
			route narrowed {model.rest}
		}
		`
	for _, test := range []struct {
		name, narrow   string
		served, listed string
	}{
		{"nothing is narrowed", "", "plain other wild/small wild/large", "plain other wild/small wild/large"},
		{"a site's model has its aliases", "models plain", "plain other", "plain other"},
		{"a site's alias", "models other", "other", "other"},
		{"a site's wildcard", "models wild/*", "wild/small wild/large", "wild/small wild/large"},
		{"a site's name of a wildcard", "models wild/large", "wild/large", "wild/large"},
		{"a key's name of a wildcard", "key XJP_narrow_key {\n models wild/large\n}", "wild/large", "wild/large"},
		{"a key's pattern", "key XJP_narrow_key {\n models wild/l* plain\n}", "plain other wild/large", "plain other wild/large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			key := gatewaytest.Key
			if strings.HasPrefix(test.narrow, "key") {
				key = "XJP_narrow_key"
			}
			address := gatewaytest.Start(t, options+test.narrow)
			var served []string
			for _, model := range []string{"plain", "other", "wild/small", "wild/large"} {
				r, _ := http.NewRequest("POST", address+"/v1/chat/completions", strings.NewReader(`{"model":"`+model+`","messages":[{"role":"user","content":"x"}]}`))
				if status, _ := ask(t, r, key); status == 200 {
					served = append(served, model)
				}
			}
			if got := strings.Join(served, " "); got != test.served {
				t.Errorf("served are %q, not %q", got, test.served)
			}
			r, _ := http.NewRequest("GET", address+"/v1/models", nil)
			_, body := ask(t, r, key)
			var list struct{ Data []struct{ ID string } }
			if err := json.Unmarshal(body, &list); err != nil {
				t.Fatal(err)
			}
			var listed []string
			for _, m := range list.Data {
				listed = append(listed, m.ID)
			}
			if got := strings.Join(listed, " "); got != test.listed {
				t.Errorf("listed are %q, not %q", got, test.listed)
			}
		})
	}
}

// ask makes a call with a key.
func ask(t *testing.T, r *http.Request, key string) (int, []byte) {
	t.Helper()
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

// TestHeaderPlaceholders checks that headers of providers and routes can hold secrets.
func TestHeaderPlaceholders(t *testing.T) {
	t.Setenv("XJP_DOCS_HEADER", "from the environment")
	got := make(chan http.Header, 1)
	url := serving(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header
		http.Error(w, "{}", http.StatusBadRequest)
	})
	address := gatewaytest.Start(t, `
		provider local openai {
			base_url `+url+`
			header X-Of-Provider {env.XJP_DOCS_HEADER}
		}
		model m {
			route local m {
				header X-Of-Route {env.XJP_DOCS_HEADER}
			}
		}`)
	r, _ := http.NewRequest("POST", address+"/v1/chat/completions", strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"x"}]}`))
	ask(t, r, gatewaytest.Key)
	h := <-got
	for _, name := range []string{"X-Of-Provider", "X-Of-Route"} {
		if h.Get(name) != "from the environment" {
			t.Errorf("%s is %q", name, h.Get(name))
		}
	}
}
