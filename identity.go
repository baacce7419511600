package xjpgateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

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
		key := u.identity + "/" + cred.Name()
		u.credentials = append(u.credentials, &credential{Credential: cred, key: key, state: states.Get(key)})
	}
}

// stateOf finds what is known of a route for a model of its provider. Two routes that lead
// to the same share it.
func (s *snapshot) stateOf(r *route, upstream string) *registry.State {
	c := r.config
	key := r.upstream.identity + "/" + upstream
	for _, place := range [...]string{c.Wire, c.Publisher, c.Region, c.Project, c.Backend} {
		if place != "" {
			key += "/" + place
		}
	}
	state := s.runtime.states.Get(key)
	state.Configure(r.thresholds)
	state.Gate.Configure(c.MaxConcurrent, s.queue.size)
	return state
}
