// Package module holds what the Caddy modules of all provider kinds share: the
// settings that every provider has, their Caddyfile form and the reading of secrets.
package module

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/rickyjim626/xjp-gateway/providers"
)

// Base is embedded in the module of each provider kind.
type Base struct {
	// APIKeys are the provider's keys, normally placeholders such as {env.OPENROUTER_API_KEY}
	// or {file./run/secrets/openrouter}. Several rotate, and each rests on its own after
	// a failure.
	APIKeys []string `json:"api_keys,omitempty"`

	// BaseURL replaces the provider's own address, without the path that the kind adds.
	// Placeholders are allowed.
	BaseURL string `json:"base_url,omitempty"`

	// Optional leaves the provider out, with one warning, when a placeholder of its
	// settings is unset, instead of refusing the configuration.
	Optional bool `json:"optional,omitempty"`

	// Headers are added to each request to the provider, replacing any of the same name.
	// Placeholders are allowed in their values.
	Headers map[string]string `json:"headers,omitempty"`

	// MaxConcurrent is the most calls to the provider at once, from 1 to 1,000,000; the
	// app's queue says how many requests wait for a place. Default: no limit.
	MaxConcurrent int `json:"max_concurrent,omitempty"`

	// TransportRaw is the transport for calls to the provider, any module that
	// reverse_proxy takes as well. Default: {"protocol": "http"}, whose dial_timeout is
	// the app's connect timeout.
	TransportRaw json.RawMessage `json:"transport,omitempty" caddy:"namespace=http.reverse_proxy.transport inline_key=protocol"`

	keys      []string
	url       *url.URL
	headers   map[string]string
	transport http.RoundTripper
	missing   error
}

// Provider is what the gateway asks of a module in the namespace xjp.providers,
// beside the contract itself. Embedding Base gives it.
type Provider interface {
	providers.Provider
	// Missing is why an optional provider is left out, nil if it is complete.
	Missing() error
	// RoundTripper is the transport for calls to the provider.
	RoundTripper() http.RoundTripper
	// ExtraHeaders are added to each request to the provider.
	ExtraHeaders() map[string]string
	// Concurrency is the most calls to the provider at once, 0 for no limit.
	Concurrency() int
}

// UnsetError says that a setting's placeholder has no value.
type UnsetError struct {
	// Setting is the setting's name and Placeholder what it holds.
	Setting, Placeholder string
}

// Error names the setting and the placeholder, never a value.
func (e *UnsetError) Error() string {
	return fmt.Sprintf("%s: %s is unset or empty", e.Setting, e.Placeholder)
}

// Provision resolves the shared settings. defaultURL is the kind's own address; needKey
// says whether the kind cannot work without a key. An optional provider with an unset
// placeholder is provisioned without error; Missing tells why it must not be used.
func (b *Base) Provision(ctx caddy.Context, defaultURL string, needKey bool) error {
	if b.MaxConcurrent < 0 || b.MaxConcurrent > maxConcurrency {
		return fmt.Errorf("max_concurrent must be from 1 to %d", maxConcurrency)
	}
	if err := b.provisionTransport(ctx); err != nil {
		return err
	}
	err := b.resolve(defaultURL, needKey)
	var unset *UnsetError
	if b.Optional && errors.As(err, &unset) {
		b.missing = err
		return nil
	}
	return err
}

func (b *Base) resolve(defaultURL string, needKey bool) error {
	for _, raw := range b.APIKeys {
		key, err := Resolve("api_key", raw)
		if err != nil && b.Optional && !needKey {
			continue // a provider that can do without a key is not left out for want of one
		}
		if err != nil {
			return err
		}
		b.keys = append(b.keys, key)
	}
	if needKey && len(b.keys) == 0 {
		return &UnsetError{Setting: "api_key", Placeholder: "the setting"}
	}
	raw := b.BaseURL
	if raw == "" {
		raw = defaultURL
	}
	address, err := Resolve("base_url", raw)
	if err != nil {
		return err
	}
	if b.url, err = parseURL(address); err != nil {
		return err
	}
	b.headers, err = ResolveHeaders(b.Headers)
	return err
}

// ResolveHeaders replaces the placeholders in the values of headers, none of which may
// be empty.
func ResolveHeaders(headers map[string]string) (map[string]string, error) {
	resolved := make(map[string]string, len(headers))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value, err := Resolve("header "+name, headers[name])
		if err != nil {
			return nil, err
		}
		resolved[name] = value
	}
	return resolved, nil
}

func parseURL(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil {
		return nil, fmt.Errorf("base_url: not a URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("base_url: %q is no http or https address without user and query", u.Redacted())
	}
	return u, nil
}

// Resolve replaces the placeholders of a setting that must not be empty. The error
// names the setting and the placeholder, never a value.
func Resolve(setting, raw string) (string, error) {
	value, err := caddy.NewReplacer().ReplaceOrErr(raw, true, true)
	if err != nil || strings.TrimSpace(value) == "" {
		return "", &UnsetError{Setting: setting, Placeholder: placeholderOf(raw)}
	}
	return strings.TrimSpace(value), nil
}

// placeholderOf names a setting's placeholders and hides all else, which may be secret.
func placeholderOf(raw string) string {
	if strings.HasPrefix(raw, "{") && strings.HasSuffix(raw, "}") {
		return raw
	}
	return "its value"
}

// Missing is why an optional provider is left out, nil if it is complete.
func (b *Base) Missing() error { return b.missing }

// SetMissing leaves the provider out because of err, if it is optional and err says
// that a placeholder is unset; any other error is returned.
func (b *Base) SetMissing(err error) error {
	var unset *UnsetError
	if b.Optional && errors.As(err, &unset) {
		b.missing = err
		return nil
	}
	return err
}

// RoundTripper is the transport for calls to the provider.
func (b *Base) RoundTripper() http.RoundTripper { return b.transport }

// ExtraHeaders are added to each request to the provider.
func (b *Base) ExtraHeaders() map[string]string { return b.headers }

// Concurrency is the most calls to the provider at once, 0 for no limit.
func (b *Base) Concurrency() int { return b.MaxConcurrent }

// maxConcurrency is the largest max_concurrent.
const maxConcurrency = 1_000_000

// URL is the resolved base address without a trailing slash.
func (b *Base) URL() *url.URL { return b.url }

// Keys are the resolved keys.
func (b *Base) Keys() []string { return b.keys }

// UnmarshalOption reads one option of the provider's block, if it is one that all
// kinds share:
//
//	api_key <placeholder or key>
//	base_url <url>
//	optional
//	header <name> <value>
//	max_concurrent <n>
//	transport <module> { … }
//
// It reports whether the option was one of these.
func (b *Base) UnmarshalOption(d *caddyfile.Dispenser) (bool, error) {
	switch d.Val() {
	case "api_key":
		var key string
		if !d.AllArgs(&key) {
			return true, d.ArgErr()
		}
		b.APIKeys = append(b.APIKeys, key)
	case "base_url":
		if !d.AllArgs(&b.BaseURL) {
			return true, d.ArgErr()
		}
	case "optional":
		if d.NextArg() {
			return true, d.ArgErr()
		}
		b.Optional = true
	case "header":
		var name, value string
		if !d.AllArgs(&name, &value) {
			return true, d.ArgErr()
		}
		if _, twice := b.Headers[name]; twice {
			return true, d.Errf("header %s already specified", name)
		}
		if b.Headers == nil {
			b.Headers = map[string]string{}
		}
		b.Headers[name] = value
	case "max_concurrent":
		return true, ParseCount(d, &b.MaxConcurrent, 1, maxConcurrency)
	case "transport":
		return true, b.unmarshalTransport(d)
	default:
		return false, nil
	}
	return true, nil
}

// UnmarshalBlock reads a provider's segment: its first token is the provider's name or
// kind, then perhaps one secret as a placeholder, then a block of options. own are the
// kind's own options, each of which may be given once; option reads them and reports
// whether it knew one.
func (b *Base) UnmarshalBlock(d *caddyfile.Dispenser, own []string, option func(*caddyfile.Dispenser) (bool, error)) error {
	d.Next()
	if err := b.unmarshalSecret(d); err != nil {
		return err
	}
	block := Block{Name: "provider", Once: append([]string{"base_url", "optional", "max_concurrent", "transport"}, own...), Many: []string{"api_key", "header"}}
	return block.Read(d, func(string) error {
		ok, err := option(d)
		if !ok && err == nil {
			_, err = b.UnmarshalOption(d)
		}
		return err
	})
}

// unmarshalSecret reads the one secret that may stand on the provider's line. It must
// be a placeholder, so that a mistyped kind is never taken for a secret; what else
// stands there may be one, and is not repeated.
func (b *Base) unmarshalSecret(d *caddyfile.Dispenser) error {
	for d.NextArg() {
		if !strings.HasPrefix(d.Val(), "{") {
			return d.Err("unexpected argument: a secret can stand on this line only as a placeholder such as {env.API_KEY}")
		}
		if len(b.APIKeys) > 0 {
			return d.Err("only one secret can stand on this line; give further ones as api_key in the block")
		}
		b.APIKeys = append(b.APIKeys, d.Val())
	}
	return nil
}
