package xjpgateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// identities names the providers of a piece of configuration by their names and their
// settings: what is known of a provider is forgotten when it becomes another. The hash
// tells nothing of a secret, which is a placeholder here.
func (c *Config) identities() map[string]string {
	list := make(map[string]string, len(c.Providers))
	for name, raw := range c.Providers {
		sum := sha256.Sum256(canonical(raw))
		list[name] = name + "#" + hex.EncodeToString(sum[:6])
	}
	return list
}

// canonical writes a JSON object with its members in order, as far as it can be read.
func canonical(raw json.RawMessage) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return raw
	}
	text, err := json.Marshal(members)
	if err != nil {
		return raw
	}
	return text
}

// newCredentials finds what is known of the provider's credentials.
func (u *upstream) newCredentials(states *registry.States) {
	for _, cred := range u.Credentials() {
		key := u.identity + separator + separator + cred.Name()
		u.credentials = append(u.credentials, &credential{Credential: cred, key: key, state: states.Get(key)})
	}
}

// separator stands between the parts of a state's name, none of which holds it: the
// provider's identity, its name of the model, and what else says where the model is. A
// credential's has no model at that place, and may have one at its end.
const separator = "\x00"

// limitKey names the state that a rate limit of a credential for a model lets rest.
func (cred *credential) limitKey(model string) string { return cred.key + separator + model }

// stateOf finds what is known of a route for a model of its provider. Two routes that lead
// to the same share it.
func (s *snapshot) stateOf(r *route, upstream string) *registry.State {
	state := s.runtime.states.Get(r.upstream.identity + separator + upstream + r.place())
	state.Configure(r.thresholds)
	state.Gate.Configure(r.config.MaxConcurrent, s.queue.size)
	return state
}

// place is what says where a model is, beside its provider.
func (r *route) place() string {
	c, place := r.config, ""
	for _, part := range [...]string{c.Wire, c.Publisher, c.Region, c.Project, c.Backend} {
		if part != "" {
			place += separator + part
		}
	}
	return place
}

// upstreamOf gives the model from the name of a state, if it is one of the route's.
func (r *route) upstreamOf(key string) (model string, ok bool) {
	rest, ok := strings.CutPrefix(key, r.upstream.identity+separator)
	if !ok {
		return "", false
	}
	model, ok = strings.CutSuffix(rest, r.place())
	return model, ok && model != "" && !strings.Contains(model, separator)
}
