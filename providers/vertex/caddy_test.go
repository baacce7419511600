package vertex

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy" // the transport

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

// TestLogin checks which of several ways to authenticate is chosen, and that a
// configuration that cannot work is found when it is loaded.
func TestLogin(t *testing.T) {
	s := newTokenServer(t)
	file := keyFile(t, s, nil)
	t.Setenv("XJP_TEST_KEY", "AIza-secret")
	t.Setenv("XJP_TEST_TOKEN", "ya29.secret")
	t.Setenv("XJP_TEST_FILE", file)
	keys := module.Base{APIKeys: []string{"{env.XJP_TEST_KEY}", "{env.XJP_TEST_KEY}2"}}
	optional := module.Base{APIKeys: []string{"{env.XJP_UNSET}"}, Optional: true}
	for _, test := range []struct {
		name     string
		provider Provider
		url      string // of a call, without the host; "" for a failure
		header   string // that authenticates
		names    string // of the credentials
		failure  string
	}{
		{"A3: API keys are express mode", Provider{Base: keys}, "/v1beta1/publishers/google/models/m:generateContent", "X-Goog-Api-Key: AIza-secret", "api_key 1, api_key 2", ""},
		{"a file beats keys, and is no express mode", Provider{Base: keys, CredentialsFile: "{env.XJP_TEST_FILE}", Project: "p", Location: "us"}, "/v1beta1/projects/p/locations/us/publishers/google/models/m:generateContent", "Authorization: Bearer token-1", "credentials", ""},
		{"a file gives its project", Provider{CredentialsFile: file}, "/v1beta1/projects/file-project/locations/global/publishers/google/models/m:generateContent", "Authorization: Bearer token-1", "credentials", ""},
		{"a static token", Provider{Base: keys, AccessToken: "{env.XJP_TEST_TOKEN}", Project: "p"}, "/v1beta1/projects/p/locations/global/publishers/google/models/m:generateContent", "Authorization: Bearer ya29.secret", "access_token", ""},
		{"optional: what is unset is passed over", Provider{Base: optional, AccessToken: "{env.XJP_TEST_TOKEN}", Project: "p", CredentialsFile: "{env.XJP_UNSET}"}, "/v1beta1/projects/p/locations/global/publishers/google/models/m:generateContent", "Authorization: Bearer ya29.secret", "access_token", ""},
		{"optional: nothing is set", Provider{Base: optional, AccessToken: "{env.XJP_UNSET}"}, "", "", "", "missing: "},
		{"a token without a project", Provider{AccessToken: "{env.XJP_TEST_TOKEN}"}, "", "", "", "project"},
		{"an unset placeholder", Provider{AccessToken: "{env.XJP_UNSET}", Project: "p"}, "", "", "", "{env.XJP_UNSET}"},
		{"nothing at all", Provider{}, "", "", "", "credentials, access_token or api_key"},
		{"a file that is not there", Provider{CredentialsFile: "/nowhere", Project: "p"}, "", "", "", "cannot be read"},
		{"an external account", Provider{CredentialsFile: keyFile(t, nil, map[string]string{"type": "external_account"}), Project: "p"}, "", "", "", "allow_external_account"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.calls.Store(0)
			ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
			defer cancel()
			p := &test.provider
			err := p.Provision(ctx)
			defer p.Cleanup()
			if err == nil && p.Missing() != nil {
				err = fmt.Errorf("missing: %w", p.Missing())
			}
			if test.failure != "" {
				if err == nil || !strings.Contains(err.Error(), test.failure) || strings.Contains(err.Error(), "secret") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := s.calls.Load(); n != 0 {
				t.Errorf("%d calls for tokens at provision", n)
			}
			route, err := p.Resolve("m", providers.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := p.NewRequest(context.Background(), &providers.Call{Route: route})
			if err != nil || r.URL.RequestURI() != test.url {
				t.Errorf("%v, %v", r.URL, err)
			}
			if err := p.Credentials()[0].Authorize(r); err != nil {
				t.Fatal(err)
			}
			if got := credentialsOf(r.Header); got != test.header {
				t.Errorf("got %q, want %q", got, test.header)
			}
			var names []string
			for _, c := range p.Credentials() {
				names = append(names, c.Name())
			}
			if got := strings.Join(names, ", "); got != test.names {
				t.Errorf("credentials %q", got)
			}
		})
	}
}

// credentialsOf writes what authenticates a request.
func credentialsOf(h http.Header) string {
	var list []string
	for _, name := range []string{"Authorization", "X-Goog-Api-Key"} {
		if value := h.Get(name); value != "" {
			list = append(list, name+": "+value)
		}
	}
	return strings.Join(list, ", ")
}

// TestTokensSurviveReloads checks that the next configuration finds the token of the last.
func TestTokensSurviveReloads(t *testing.T) {
	s := newTokenServer(t)
	file := keyFile(t, s, nil)
	load := func() (*Provider, context.CancelFunc) {
		ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
		p := &Provider{CredentialsFile: file}
		if err := p.Provision(ctx); err != nil {
			t.Fatal(err)
		}
		return p, cancel
	}
	use := func(p *Provider) {
		if _, err := authorize(context.Background(), p.Credentials()[0].(*Token)); err != nil {
			t.Error(err)
		}
	}
	one, cancelOne := load()
	use(one)
	two, cancelTwo := load()
	cancelOne()
	one.Cleanup()
	use(two)
	if n := s.calls.Load(); n != 1 {
		t.Errorf("%d calls over a reload", n)
	}
	use(one) // a request that began before the reload still works
	cancelTwo()
	two.Cleanup()
	if _, known := tokens.References("file\x00" + file + "\x00false"); known {
		t.Error("the token outlives its configurations")
	}
}
