package xjpgateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// adminSites are the admin API on a site with and without an authentication, and under a
// path.
const adminSites = `{
	admin off
	persist_config off
	log {
		level PANIC
	}
	xjp {
		provider demo
		model chat {
			alias talk
			route demo a {
				capability images false
			}
			fallback demo b
		}
		key XJP_admin_test_key
	}
}
http://127.0.0.1:{port} {
	bind 127.0.0.1
	respond /healthz 200
	handle /open/* {
		uri strip_prefix /open
		xjp_admin
	}
	handle /subject/* {
		uri strip_prefix /subject
		xjp_admin {
			actor {http.request.tls.client.subject}
		}
	}
	handle_path /clients/* {
		xjp_auth
		xjp_admin
	}
	handle_path /operators/* {
		xjp_auth {
			tenants default
		}
		xjp_admin
	}
	handle_path /panel/* {
		basic_auth {
			ann $2a$04$zSgNGY9fdwgTqxccwc1s6eiG4r7VSM17HslO9WYwC4nvmbuZJ4erq
		}
		xjp_admin
		respond /index.html "the page" 200
	}
}
`

// TestAdminSite checks who is answered by the admin API on a site: those whom the site's
// authentication knows, unless a page of another site lets their browser ask.
func TestAdminSite(t *testing.T) {
	address := gatewaytest.Run(t, adminSites)
	key := []string{"X-Api-Key", "XJP_admin_test_key"}
	for _, test := range []struct {
		name, method, path string
		user               string
		headers            []string
		status             int
		want               string
	}{
		{"without authentication", "GET", "/open/xjp/models", "", nil, 403, "nobody is known to ask"},
		{"a change without authentication", "POST", "/open/xjp/keys", "", nil, 403, "nobody is known to ask"},
		{"a deletion without authentication", "DELETE", "/open/xjp/tenants/default", "", nil, 403, "nobody is known to ask"},
		{"a user that is merely claimed", "GET", "/open/xjp/keys", "ann", nil, 403, "nobody is known to ask"},
		{"the predecessor's path without authentication", "GET", "/open/internal/billing/summary", "", nil, 403, "nobody is known to ask"},
		{"with an empty actor", "GET", "/subject/xjp/models", "ann", nil, 403, "nobody is known to ask"},
		{"any client", "GET", "/clients/xjp/models", "", key, 403, "any client's key opens this site"},
		{"clients of a tenant", "GET", "/operators/xjp/models", "", key, 200, `"model": "chat"`},
		{"no client", "GET", "/operators/xjp/models", "", nil, 401, ""},
		{"nobody", "GET", "/panel/xjp/models", "", nil, 401, ""},
		{"somebody else", "GET", "/panel/xjp/models", "bob", nil, 401, ""},
		{"who may", "GET", "/panel/xjp/models", "ann", nil, 200, `"model": "chat"`},
		{"the predecessor's path", "PUT", "/panel/internal/billing/summary", "ann", nil, 405, "use GET or HEAD"},
		{"another path", "GET", "/panel/index.html", "ann", nil, 200, "the page"},
		{"a change", "POST", "/panel/xjp/wake", "ann", nil, 200, `"routes"`},
		{"a change by a page of the site", "POST", "/panel/xjp/wake", "ann", []string{"Sec-Fetch-Site", "same-origin"}, 200, `"routes"`},
		{"a change by a page of another site", "POST", "/panel/xjp/wake", "ann", []string{"Sec-Fetch-Site", "cross-site"}, 403, "a page of another site may change nothing"},
		{"a change by a page of a site beside it", "POST", "/panel/xjp/wake", "ann", []string{"Sec-Fetch-Site", "same-site"}, 403, "a page of another site"},
		{"a key by a page of another site", "POST", "/panel/xjp/keys", "ann", []string{"Sec-Fetch-Site", "cross-site"}, 403, "a page of another site"},
		{"a deletion by a page of another site", "DELETE", "/panel/xjp/keys/k", "ann", []string{"Origin", "null"}, 403, "a page of another site"},
		{"a form of an old browser", "POST", "/panel/xjp/keys", "ann", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "the body must be JSON"},
		{"a change by an old browser", "POST", "/panel/xjp/wake", "ann", []string{"Origin", "https://evil.example"}, 403, "a page of another site"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequest(test.method, address+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.user != "" {
				r.SetBasicAuth(test.user, "secret")
			}
			for i := 0; i < len(test.headers); i += 2 {
				r.Header.Set(test.headers[i], test.headers[i+1])
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != test.status || !strings.Contains(string(body), test.want) {
				t.Errorf("got %d %s (%v), want %d with %q", res.StatusCode, body, err, test.status, test.want)
			}
			if kept := res.Header.Get("Cache-Control"); kept != "no-store" && test.status != http.StatusUnauthorized && test.want != "the page" {
				t.Errorf("the answer may be kept: %q", kept)
			}
			if test.status == http.StatusForbidden && !strings.HasPrefix(string(body), "{\n\t\"error\":") {
				t.Errorf("the error is %s", body)
			}
		})
	}
}

// TestAdminModels checks what an administrator is told of models.
func TestAdminModels(t *testing.T) {
	gatewaytest.Run(t, adminSites)
	r, err := http.NewRequest("GET", "/xjp/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := askAdmin(t, r)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Data []struct {
			Model   string
			Aliases []string
			Policy  string
			Routes  []struct {
				Route, Provider string
				Upstream        string `json:"upstream_model"`
				Fallback        bool
				Capabilities    map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Data) != 1 || list.Data[0].Model != "chat" || fmt.Sprint(list.Data[0].Aliases) != "[talk]" || len(list.Data[0].Routes) != 2 {
		t.Fatalf("told is %s", text)
	}
	first, second := list.Data[0].Routes[0], list.Data[0].Routes[1]
	if first.Route != "chat#1" || first.Upstream != "a" || first.Capabilities["images"] != nil || first.Capabilities["tools"] != true {
		t.Errorf("the first route is %+v", first)
	}
	if !second.Fallback || second.Capabilities["images"] != true {
		t.Errorf("the fallback is %+v", second)
	}
}
