package native

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/keys"
)

// storedApp keeps accounts beside the default log.
const storedApp = "\txjp {\n\t\tprovider demo\n\t\tstore sqlite {dir}/xjp.db\n\t\tledger {\n\t\t\tjournal {dir}/journal\n\t\t}\n\t\tprices {\n\t\t\toffline\n\t\t}\n\t\tlog_filter ok\n\t}\n"

// as sends a request with a key.
func (s *server) as(secret, method, path, body string) (*http.Response, string) {
	s.t.Helper()
	r := s.request(method, path, body)
	r.Header.Del("X-Api-Key")
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("X-Xjp-Session", "shared")
	return s.do(r)
}

// run runs a command of `caddy xjp` against the server.
func (s *server) run(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(os.Args[0], append(append([]string{"xjp"}, args...), "--address", s.admin)...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.t.TempDir(), &out, &errs
	cmd.Env = append(os.Environ(), "XJP_TEST_COMMAND=1")
	if err := cmd.Run(); err != nil {
		s.t.Errorf("%v: %v: %s", args, err, errs.String())
	}
	return out.String()
}

// owner is a tenant with what is its own.
type owner struct {
	tenant, key, secret string
	requests            []string
}

// TestTenantsApart checks that nobody who asks for what is of one tenant is told of
// another's, by the API and by commands, even if both name the same session.
func TestTenantsApart(t *testing.T) {
	s := start(t, storedApp, "\txjp_gateway\n")
	owners := []*owner{{tenant: "acme"}, {tenant: "other"}}
	for _, o := range owners {
		o.key, o.secret = s.newKey(`{"tenant":"` + o.tenant + `","create_tenant":true,"description":"for ` + o.tenant + ` alone","limits":{"requests_per_day":100}}`)
		for _, path := range []string{chat, messages} {
			res, answer := s.as(o.secret, http.MethodPost, path, ask(path, "demo", "demo: say hi", false))
			if res.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", res.StatusCode, answer)
			}
			o.requests = append(o.requests, res.Header.Get("X-Request-Id"))
		}
	}
	gatewaytest.Store(t) // what is recorded is stored
	own, foreign := owners[0], owners[1]
	expectOwn := func(asked, answer string, names bool) {
		t.Helper()
		for _, word := range append(foreign.requests, foreign.tenant, foreign.key, foreign.secret) {
			if strings.Contains(answer, `"`+word) || strings.Contains(answer, word+",") || strings.Contains(answer, word+" ") {
				t.Errorf("%s tells of %s: %s", asked, word, answer)
			}
		}
		if names && !strings.Contains(answer, own.key) && !strings.Contains(answer, own.tenant) {
			t.Errorf("%s tells nothing: %s", asked, answer)
		}
	}
	for _, path := range []string{
		"/xjp/keys?tenant=acme", "/xjp/requests?tenant=acme&session=shared", "/xjp/requests?tenant=acme&format=jsonl",
		"/xjp/requests?tenant=acme&format=csv", "/xjp/limits?tenant=acme&key=" + own.key, "/xjp/usage?tenant=acme&by=key,tenant", "/xjp/usage?tenant=acme&by=key,tenant&format=csv",
		"/xjp/billing/transactions?tenant_id=acme", "/xjp/billing/summary?tenant_id=acme", "/internal/billing/transactions?tenant_id=acme", "/xjp/audit?tenant=acme",
	} {
		status, answer := s.administrate("GET", path, "")
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, answer)
		}
		expectOwn(path, answer, true)
	}
	for _, args := range [][]string{
		{"keys", "list", "--tenant", "acme"}, {"usage", "--tenant", "acme", "--by", "key,tenant", "--csv"}, {"requests", "--tenant", "acme", "--jsonl"}, {"limits", "--tenant", "acme", "--key", own.key},
		{"billing", "transactions", "--tenant", "acme", "--json"}, {"audit", "--tenant", "acme"},
	} {
		expectOwn(strings.Join(args, " "), s.run(args...), true)
	}
	for _, path := range []string{
		"/xjp/requests?tenant=acme&key=" + foreign.key, "/xjp/usage?tenant=acme&by=model&key=" + foreign.key,
		"/xjp/billing/transactions?tenant_id=acme&api_key_id=" + foreign.key, "/xjp/audit?tenant=acme&subject=" + foreign.key,
	} {
		status, answer := s.administrate("GET", path, "")
		var page struct{ Data []any }
		if err := json.Unmarshal([]byte(answer), &page); err != nil || status != http.StatusOK || len(page.Data) != 0 {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	t.Run("what is of another tenant is not there", func(t *testing.T) {
		for _, test := range []struct{ method, path, of, body string }{
			{"GET", "/xjp/keys/ID", foreign.key, ""}, {"PATCH", "/xjp/keys/ID", foreign.key, `{"disabled":true}`}, {"DELETE", "/xjp/keys/ID", foreign.key, ""},
			{"POST", "/xjp/keys/ID/rotate", foreign.key, ""}, {"GET", "/xjp/requests/ID", foreign.requests[0], ""},
		} {
			ask := func(id string) (int, string) {
				status, answer := s.administrate(test.method, strings.Replace(test.path, "ID", id, 1)+"?tenant=acme", test.body)
				return status, strings.ReplaceAll(answer, id, "ID")
			}
			status, answer := ask(foreign.requests[0][:12])
			got, said := ask(test.of)
			if got != http.StatusNotFound || got != status || said != answer {
				t.Errorf("%s %s: %d %s, of none %d %s", test.method, test.path, got, said, status, answer)
			}
		}
		status, answer := s.administrate("GET", "/xjp/limits?tenant=acme&key="+foreign.key, "")
		if of, none := s.administrate("GET", "/xjp/limits?tenant=acme&key=nobody", ""); status != http.StatusNotFound || of != status || none != answer {
			t.Errorf("limits: %d %s, of none %d %s", status, answer, of, none)
		}
		if res, _ := s.as(foreign.secret, http.MethodGet, "/v1/models", ""); res.StatusCode != http.StatusOK {
			t.Errorf("the other tenant's key is answered with %d", res.StatusCode)
		}
	})
	t.Run("clients learn nothing of keys, limits and routes", func(t *testing.T) {
		for _, path := range []string{"/xjp/keys/", "/xjp/limits?key=", "/xjp/explain?key=", "/xjp/usage?key=", "/internal/billing/summary?api_key_id="} {
			for _, id := range []string{own.key, foreign.key, "nobody"} {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					if _, answer := s.as(own.secret, method, path+id, "{}"); answer != "" {
						t.Errorf("%s %s: %s", method, path, answer)
					}
				}
			}
		}
	})
}

// TestStoredKeysOpenSites follows a key of the store at a site that xjp_auth guards, until
// another node revokes it.
func TestStoredKeysOpenSites(t *testing.T) {
	s := start(t, storedApp, "\thandle /site {\n\t\txjp_auth {\n\t\t\ttenants acme\n\t\t}\n\t\trespond \"{http.auth.user.id} of {http.auth.user.tenant}\"\n\t}\n\thandle {\n\t\txjp_gateway\n\t}\n")
	id, secret := s.newKey(`{"tenant":"acme","create_tenant":true}`)
	_, stranger := s.newKey(`{"tenant":"other","create_tenant":true}`)
	_, narrow := s.newKey(`{"tenant":"acme","scope":{"endpoints":["models"]}}`)
	_, unknown := keys.NewSecret()
	if res, answer := s.as(secret, http.MethodGet, "/site", ""); res.StatusCode != http.StatusOK || answer != id+" of acme" {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	refusal := func(secret string) string {
		t.Helper()
		res, answer := s.as(secret, http.MethodGet, "/site", "")
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d %s", res.StatusCode, answer)
		}
		res.Header.Del("Date")
		text, _ := json.Marshal(res.Header)
		return string(text) + answer
	}
	want := refusal(unknown)
	for what, wrong := range map[string]string{"another tenant's": stranger, "one for the gateway's endpoints": narrow, "a mistyped one": secret[:53] + "-"} {
		if got := refusal(wrong); got != want {
			t.Errorf("%s is told %s, an unknown one %s", what, got, want)
		}
	}
	elsewhere := keys.Manager{Store: gatewaytest.Store(t)} // that this node is not told of
	if _, err := elsewhere.RevokeKey(context.Background(), "another node", "acme", id); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the key is refused", func() bool {
		res, _ := s.as(secret, http.MethodGet, "/site", "")
		return res.StatusCode == http.StatusUnauthorized
	})
	if got := refusal(secret); got != want {
		t.Errorf("a revoked key is told %s, an unknown one %s", got, want)
	}
	if res, _ := s.as(secret, http.MethodGet, "/v1/models", ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("at the gateway it is answered with %d", res.StatusCode)
	}
}
