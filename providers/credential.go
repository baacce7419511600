package providers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// HeaderKey is a credential that is a fixed header.
type HeaderKey struct {
	name, header, value string
}

// BearerKeys makes a credential of each key, sent as Authorization: Bearer.
func BearerKeys(keys []string) []Credential {
	return headerKeys(keys, "Authorization", "Bearer ")
}

// HeaderKeys makes a credential of each key, sent in the named header.
func HeaderKeys(header string, keys []string) []Credential { return headerKeys(keys, header, "") }

// BearerToken makes a credential of one token that is no key, under a name of its own.
func BearerToken(name, token string) Credential {
	return &HeaderKey{name, "Authorization", "Bearer " + token}
}

func headerKeys(keys []string, header, prefix string) []Credential {
	if len(keys) == 0 {
		return []Credential{NoCredential{}}
	}
	list := make([]Credential, len(keys))
	for i, key := range keys {
		list[i] = &HeaderKey{fmt.Sprintf("api_key %d", i+1), header, prefix + key}
	}
	return list
}

// Name identifies the key by its number.
func (k *HeaderKey) Name() string { return k.name }

// Authorize sets the header.
func (k *HeaderKey) Authorize(r *http.Request) error {
	r.Header.Set(k.header, k.value)
	return nil
}

// String hides the key from logs and errors.
func (k *HeaderKey) String() string { return k.name }

// GoString hides the key likewise.
func (k *HeaderKey) GoString() string { return k.name }

// NoCredential is for providers that ask for none.
type NoCredential struct{}

// Name says that there is none.
func (NoCredential) Name() string { return "none" }

// Authorize adds nothing.
func (NoCredential) Authorize(*http.Request) error { return nil }

// Origin names a group of routes by a short hash, for signatures that are bound to the
// account that made them.
func Origin(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:4])
}
