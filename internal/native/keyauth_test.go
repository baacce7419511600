package native

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
	"github.com/rickyjim626/xjp-gateway/internal/servers"
	"github.com/rickyjim626/xjp-gateway/keys"
)

// TestKeyAuthWithoutStore checks that while the store is away keys that were seen open other
// sites, and others are told to come back, not that they are wrong.
func TestKeyAuthWithoutStore(t *testing.T) {
	server := servers.StartPostgreSQL(t)
	t.Setenv("XJP_TEST_DSN", server.DSN("postgres"))
	s := start(t, "\txjp {\n\t\tprovider demo\n\t\tstore postgres {env.XJP_TEST_DSN}"+gatewaytest.Journal(t, t.TempDir())+"\t}\n",
		"\txjp_auth\n\trespond \"{http.auth.user.id}\"\n\thandle_errors {\n\t\trespond \"{err.status_code} {http.auth.xjp_key.error}\"\n\t}\n")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m, err := gatewaytest.App(t).Manager(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.CreateTenant(ctx, "test", "acme", keys.TenantSpec{}); err != nil {
		t.Fatal(err)
	}
	var ids, secrets [2]string
	for i := range ids {
		r, secret, err := m.CreateKey(ctx, "test", "acme", keys.KeySpec{})
		if err != nil {
			t.Fatal(err)
		}
		ids[i], secrets[i] = r.ID, secret
	}
	answers := func(secret string, status int, want string) bool {
		t.Helper()
		r := s.request(http.MethodGet, "/", "")
		r.Header.Set("Authorization", "Bearer "+secret)
		res, body := s.do(r)
		if (res.Header.Get("Retry-After") == "1") != (res.StatusCode == 503) || res.StatusCode == 503 && res.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%d with %v", res.StatusCode, res.Header)
		}
		return res.StatusCode == status && body == want
	}
	if !answers(secrets[0], 200, ids[0]) {
		t.Fatal("a key of the store does not open the site")
	}
	// That the keys were made is a change, after which they are read anew, once the next poll has
	// told of it. One that the store went away before is 503 with good reason.
	time.Sleep(3 * time.Second)
	server.Stop(t)
	if !answers(secrets[1], 503, "503 "+keys.ErrUnavailable.Error()) || !answers(secrets[0], 200, ids[0]) {
		t.Error("while the store is away, a key that was seen is refused, or one that was not is not told to come back")
	}
	server.Start(t)
	for end := time.Now().Add(time.Minute); !answers(secrets[1], 200, ids[1]); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the store is not found again within a minute")
		}
	}
}

// TestKeyAuth checks that the gateway's keys guard another site.
func TestKeyAuth(t *testing.T) {
	const global = "\txjp {\n\t\tprovider demo\n\t\tkey " + key + " {\n\t\t\tid me\n\t\t}\n\t}\n"
	const said = "\trespond \"{http.auth.user.id} of {http.auth.user.tenant}\"\n\thandle_errors {\n\t\trespond \"{err.status_code} {http.auth.candidate.id}\"\n\t}\n"
	const nobody = "401 {http.auth.candidate.id}" // which is not set
	for _, test := range []struct {
		name, site, header, value string
		status                    int
		body, challenge           string
	}{
		{"a bearer", "xjp_auth", "Authorization", "Bearer " + key, 200, "me of default", ""},
		{"the other header", "xjp_auth", "X-Api-Key", key, 200, "me of default", ""},
		{"no key", "xjp_auth", "X-Other", key, 401, nobody, "Bearer"},
		{"a wrong key", "xjp_auth", "X-Api-Key", key + "x", 401, nobody, `Bearer error="invalid_token"`},
		{"another path", "xjp_auth /internal/*", "X-Other", key, 200, "{http.auth.user.id} of {http.auth.user.tenant}", ""},
		{"a tenant that is let in", "xjp_auth {\n\t\ttenants acme default\n\t}", "X-Api-Key", key, 200, "me of default", ""},
		{"a tenant that is not", "xjp_auth {\n\t\ttenants acme\n\t}", "X-Api-Key", key, 401, "401 me", `Bearer error="invalid_token"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, global, "\t"+test.site+"\n"+said)
			r, err := http.NewRequest(http.MethodGet, s.address+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(test.header, test.value)
			res, body := s.do(r)
			if res.StatusCode != test.status || body != test.body || res.Header.Get("WWW-Authenticate") != test.challenge {
				t.Errorf("%d %q %q", res.StatusCode, body, res.Header.Get("WWW-Authenticate"))
			}
		})
	}
	t.Run("an address with many wrong keys is told to wait, and a right one is let in", func(t *testing.T) {
		s := start(t, global, "\txjp_auth\n"+said)
		send := func(value string) *http.Response {
			r := s.request(http.MethodGet, "/", "")
			r.Header.Set("Authorization", "Bearer "+value)
			res, _ := s.do(r)
			return res
		}
		for i := range 21 {
			if res := send(fmt.Sprintf("XJP_wrong_%d", i)); res.StatusCode != 401 || (res.Header.Get("Retry-After") != "") != (i == 20) {
				t.Errorf("attempt %d: %d, Retry-After %q", i, res.StatusCode, res.Header.Get("Retry-After"))
			}
		}
		if res := send(key); res.StatusCode != 200 {
			t.Errorf("a right key: %d", res.StatusCode)
		}
	})
	t.Run("an operator is told of keys in access logs", func(t *testing.T) {
		logs := "\tlog {\n\t\toutput file {dir}/access.log {\n\t\t\troll_disabled\n\t\t}\n\t}\n"
		if n := warnings(t, "log_filter ok", global, logs+"\txjp_auth\n\trespond ok"); n != 1 {
			t.Errorf("%d warnings", n)
		}
	})
	for site, want := range map[string]string{
		"xjp_auth bearer":                               "wrong argument count",
		"xjp_auth {\n\t\ttenants\n\t}":                  "wrong argument count",
		"xjp_auth {\n\t\tusers me\n\t}":                 "unknown xjp_auth option 'users'; known are: tenants",
		"xjp_auth {\n\t\ttenants a\n\t\ttenants b\n\t}": "tenants already specified",
	} {
		err := validated("{\n" + global + "}\nhttp://127.0.0.1:9 {\n\t" + site + "\n}\n")
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%s: %v", site, err)
		}
	}
}
