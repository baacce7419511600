package vertex

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/providers/module"
)

func init() {
	caddy.RegisterModule(Provider{})
}

// Provider calls Vertex AI. It needs one of: a credentials file, a static access token,
// an API key (express mode, without a project), or adc for Application Default
// Credentials. With optional, those whose placeholder is unset are ignored, and the
// provider is left out if none is set.
type Provider struct {
	module.Base
	*Client `json:"-"`

	// Project is the id of the Google Cloud project. Default: that of the credentials file.
	Project string `json:"project,omitempty"`
	// Location is a region, a multi-region (us, eu) or global. Default: global.
	Location string `json:"location,omitempty"`
	// Publisher is the publisher of models whose name does not tell it. Default: google.
	Publisher string `json:"publisher,omitempty"`
	// Credentials is the path of a credentials file.
	CredentialsFile string `json:"credentials,omitempty"`
	// AllowExternalAccount permits a credentials file of an external account or of an
	// impersonation, which makes this server ask other addresses for tokens.
	AllowExternalAccount bool `json:"allow_external_account,omitempty"`
	// AccessToken is a static OAuth access token.
	AccessToken string `json:"access_token,omitempty"`
	// ADC uses Application Default Credentials.
	ADC bool `json:"adc,omitempty"`
	// Version is the API's version for Gemini. Default: v1beta1.
	Version string `json:"version,omitempty"`
	// FunctionCallIDs sends ids of function calls to Gemini.
	FunctionCallIDs bool `json:"function_call_ids,omitempty"`
	// HeaderBetas and BodyBetas are the beta features of Claude that are forwarded in the
	// header and in the body.
	HeaderBetas []string `json:"header_betas,omitempty"`
	BodyBetas   []string `json:"body_betas,omitempty"`

	pooled string
}

// login is how calls are authenticated.
type login struct {
	credentials []providers.Credential
	// account names the credentials in signatures' origins.
	account string
	// express is true for API keys, project that of the credentials file, if any.
	express bool
	project string
}

// tokens are shared by all configurations that name the same credential, so that a
// reload does not ask for a new one.
var tokens = caddy.NewUsagePool()

// CaddyModule returns the Caddy module information.
func (Provider) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "xjp.providers.vertex", New: func() caddy.Module { return new(Provider) }}
}

// Provision resolves the settings. It makes no network call: the first token is fetched
// by the first request.
func (p *Provider) Provision(ctx caddy.Context) error {
	if err := p.Base.Provision(ctx, "https://aiplatform.googleapis.com", false); err != nil || p.Missing() != nil {
		return err
	}
	return p.SetMissing(p.connect())
}

func (p *Provider) connect() error {
	s := Settings{
		Publisher: p.Publisher, Version: p.Version, CallIDs: p.FunctionCallIDs,
		HeaderBetas: p.HeaderBetas, BodyBetas: p.BodyBetas,
	}
	if s.HeaderBetas == nil {
		s.HeaderBetas = []string{"context-management-2025-06-27", "web-search-2025-03-05", "interleaved-thinking-2025-05-14"}
	}
	if s.BodyBetas == nil {
		s.BodyBetas = []string{"context-1m-2025-08-07"}
	}
	if p.BaseURL != "" {
		s.BaseURL = p.URL()
	}
	l, err := p.login()
	if err != nil {
		return err
	}
	s.Express = l.express
	if s.Location, err = p.setting("location", p.Location, false); err != nil {
		return err
	}
	if s.Project, err = p.setting("project", p.Project, !s.Express && l.project == ""); err != nil {
		return err
	}
	if s.Project == "" {
		s.Project = l.project
	}
	p.Client = New(s, l.credentials, l.account)
	return nil
}

// setting resolves a setting; one that is not needed may be unset.
func (p *Provider) setting(name, raw string, needed bool) (string, error) {
	if raw == "" && !needed {
		return "", nil
	}
	value, err := module.Resolve(name, raw)
	if err != nil && (!needed && p.Optional) {
		return "", nil
	}
	return value, err
}

// login picks the first of file, token, key and environment that is set.
func (p *Provider) login() (*login, error) {
	path, err := p.alternative("credentials", p.CredentialsFile)
	if err != nil {
		return nil, err
	}
	token, err := p.alternative("access_token", p.AccessToken)
	if err != nil {
		return nil, err
	}
	switch {
	case path != "":
		return p.loginByFile(path)
	case token != "":
		return &login{credentials: []providers.Credential{providers.BearerToken("access_token", token)}, account: "token"}, nil
	case len(p.Keys()) > 0:
		return &login{credentials: providers.HeaderKeys("X-Goog-Api-Key", p.Keys()), account: strings.Join(p.Keys(), "\x00"), express: true}, nil
	case p.ADC:
		creds, err := p.pool("adc", FromEnvironment)
		return &login{credentials: creds, account: "adc"}, err
	}
	return nil, &module.UnsetError{Setting: "credentials, access_token or api_key", Placeholder: "each of them"}
}

// loginByFile looks at the file at once, so that a wrong one is found when the
// configuration is loaded.
func (p *Provider) loginByFile(path string) (*login, error) {
	f, err := readFile(path, p.AllowExternalAccount)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("file\x00%s\x00%t", path, p.AllowExternalAccount)
	creds, err := p.pool(key, func() *Token { return FromFile(path, p.AllowExternalAccount) })
	return &login{credentials: creds, account: path, project: f.ProjectID}, err
}

// alternative resolves one of several ways to authenticate; an unset one is ignored if
// the provider is optional.
func (p *Provider) alternative(name, raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	value, err := module.Resolve(name, raw)
	if err != nil && p.Optional {
		return "", nil
	}
	return value, err
}

// pool shares a token source among configurations.
func (p *Provider) pool(key string, load func() *Token) ([]providers.Credential, error) {
	value, _, err := tokens.LoadOrNew(key, func() (caddy.Destructor, error) { return load(), nil })
	if err != nil {
		return nil, err
	}
	p.pooled = key
	return []providers.Credential{value.(*Token)}, nil
}

// Validate refuses settings that exclude each other.
func (p *Provider) Validate() error {
	if p.AllowExternalAccount && p.CredentialsFile == "" {
		return errors.New("allow_external_account needs credentials")
	}
	return nil
}

// Cleanup lets go of the shared token source.
func (p *Provider) Cleanup() error {
	if p.pooled == "" {
		return nil
	}
	_, err := tokens.Delete(p.pooled)
	p.pooled = ""
	return err
}

// UnmarshalCaddyfile sets up the provider from Caddyfile tokens:
//
//	provider <name> [vertex] [<key placeholder>] {
//		project <id>
//		location|region <region>
//		publisher <name>
//		credentials <file>
//		allow_external_account
//		access_token <placeholder>
//		api_key <placeholder>
//		adc
//		version <version>
//		function_call_ids
//		header_betas <name…>
//		body_betas <name…>
//		base_url <url>
//		optional
//		header <name> <value>
//		max_concurrent <n>
//		transport <module> { … }
//	}
func (p *Provider) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	known := []string{"project", "location", "region", "publisher", "credentials", "allow_external_account", "access_token", "adc", "version", "function_call_ids", "header_betas", "body_betas"}
	return p.UnmarshalBlock(d, known, p.option)
}

func (p *Provider) option(d *caddyfile.Dispenser) (bool, error) {
	text := map[string]*string{
		"project": &p.Project, "location": &p.Location, "region": &p.Location, "publisher": &p.Publisher,
		"credentials": &p.CredentialsFile, "access_token": &p.AccessToken, "version": &p.Version,
	}
	if field := text[d.Val()]; field != nil {
		if *field != "" {
			return true, d.Errf("%s already specified", d.Val())
		}
		if !d.AllArgs(field) {
			return true, d.ArgErr()
		}
		return true, nil
	}
	switch d.Val() {
	case "allow_external_account":
		p.AllowExternalAccount = true
	case "adc":
		p.ADC = true
	case "function_call_ids":
		p.FunctionCallIDs = true
	case "header_betas":
		if p.HeaderBetas = d.RemainingArgs(); len(p.HeaderBetas) == 0 {
			return true, d.ArgErr()
		}
	case "body_betas":
		if p.BodyBetas = d.RemainingArgs(); len(p.BodyBetas) == 0 {
			return true, d.ArgErr()
		}
	default:
		return false, nil
	}
	return true, nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Provider)(nil)
	_ caddy.Validator       = (*Provider)(nil)
	_ caddy.CleanerUpper    = (*Provider)(nil)
	_ caddyfile.Unmarshaler = (*Provider)(nil)
	_ module.Provider       = (*Provider)(nil)
	_ providers.Counter     = (*Provider)(nil)
	_ providers.Rewriter    = (*Provider)(nil)
)
