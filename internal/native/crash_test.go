package native

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers/module"
	"github.com/rickyjim626/xjp-gateway/providers/openai"
)

func init() { caddy.RegisterModule(crashing{}) }

// crashing is a provider with a mistake: its calls panic, for the model "apart" in a
// goroutine of their own, which ends the process.
type crashing struct {
	module.Base
	*openai.Client `json:"-"`
}

func (crashing) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.crashing", New: func() caddy.Module { return new(crashing) }}
}

func (p *crashing) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "http://crashing.invalid", false); err != nil || p.Missing() != nil {
		return err
	}
	p.Client = openai.New(p.URL(), p.Keys())
	return nil
}

func (p *crashing) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return p.UnmarshalBlock(d, nil, func(*caddyfile.Dispenser) (bool, error) { return false, nil })
}

// RoundTripper gives the transport that panics.
func (*crashing) RoundTripper() http.RoundTripper { return panicking{} }

type panicking struct{}

func (panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	said := string(body)
	if !strings.Contains(said, `"apart"`) {
		panic("a mistake with " + r.Header.Get("Authorization"))
	}
	go func() { panic(errors.New("a mistake apart")) }()
	<-r.Context().Done()
	return nil, errors.New(said)
}

// TestSecretsOfCrashes looks for secrets and prompts in what is left of panics: in the log
// of one that the gateway survives, and in the traces of all goroutines of one that it does
// not.
func TestSecretsOfCrashes(t *testing.T) {
	t.Setenv("XJP_CANARY_ENV", "sk-"+canaryEnv)
	t.Setenv("XJP_CANARY_PEPPER", canaryPepper)
	t.Setenv("GOTRACEBACK", "all")
	crashingApp := strings.Replace(demoApp, "\t\tprovider demo\n", "\t\tprovider demo\n\t\tprovider crashing {\n\t\t\tapi_key {env.XJP_CANARY_ENV}\n\t\t}\n\t\tmodel demo {\n\t\t\troute demo demo\n\t\t}\n\t\tmodel here {\n\t\t\troute crashing here\n\t\t}\n\t\tmodel apart {\n\t\t\troute crashing apart\n\t\t}\n\t\tpepper {env.XJP_CANARY_PEPPER}\n", 1)
	p := spawn(t, crashingApp, "\txjp_gateway\n")

	res, answer := p.post(chat, ask(chat, "here", canaryPrompt, false))
	if res.StatusCode != http.StatusInternalServerError || !strings.Contains(answer, "the gateway failed") {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	for range 3 {
		st := p.open(chat, "demo: long 1000 pace 20ms "+canaryPrompt)
		defer st.res.Body.Close()
	}
	if res, err := http.DefaultClient.Do(p.request(http.MethodPost, chat, ask(chat, "apart", canaryPrompt, false))); err == nil {
		res.Body.Close()
		t.Errorf("the process goes on: %d", res.StatusCode)
	}
	if err := p.cmd.Wait(); err == nil {
		t.Error("the process ended well")
	}
	never := []string{canaryEnv, canaryPepper, canaryPrompt, key}
	for _, left := range []place{
		{"the client", answer, never, "the gateway failed"},
		{"the log of the panic", folder(t, p.log), never, "a mistake with "},
		{"the traces of the crash", p.errs.String(), never, "a mistake apart"},
		{"goroutines of others", p.errs.String(), never, "xjp-gateway.(*Handler).ServeHTTP"},
	} {
		left.search(t)
	}
}
