// Package keys knows who may use the gateway: clients' keys, and a brake on those who
// guess at them. It is plain Go without network and clock.
package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Key is a client's key. The secret itself is not kept.
type Key struct {
	// ID names the key in logs.
	ID string
	// Hash is the SHA-256 of the secret.
	Hash [32]byte
	// Models are the logical models that the key may use; nil is all. A name may hold
	// one *, which stands for any characters.
	Models []string
}

// May reports whether the key may use a model.
func (k *Key) May(model string) bool { return k.Models == nil || Among(k.Models, model) }

// Among reports whether a name is one of a list, in which a name may hold one *, which
// stands for any characters.
func Among(list []string, name string) bool {
	for _, pattern := range list {
		before, after, wild := strings.Cut(pattern, "*")
		if !wild && pattern == name {
			return true
		}
		if wild && len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
			return true
		}
	}
	return false
}

// HashOf gives the hash under which a secret is known.
func HashOf(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// ParseHash reads a hash in hexadecimal digits.
func ParseHash(text string) (hash [32]byte, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(hash) {
		return hash, fmt.Errorf("a key's hash must be the 64 hexadecimal digits of a SHA-256")
	}
	return [32]byte(raw), nil
}

// Ring is a set of keys. It is immutable and safe for concurrent use.
type Ring struct {
	byHash map[[32]byte]*Key
}

// NewRing makes a ring; it refuses keys that are equal and ids that are used twice.
func NewRing(list []*Key) (*Ring, error) {
	r := &Ring{byHash: make(map[[32]byte]*Key, len(list))}
	ids := map[string]bool{}
	for _, k := range list {
		if ids[k.ID] {
			return nil, fmt.Errorf("the key id %q is used twice", k.ID)
		}
		if other := r.byHash[k.Hash]; other != nil {
			return nil, fmt.Errorf("the keys %q and %q are the same", other.ID, k.ID)
		}
		ids[k.ID] = true
		r.byHash[k.Hash] = k
	}
	return r, nil
}

// Find returns the key with a secret, nil if there is none. It looks the secret's hash
// up, so that the time it takes tells nothing about any key.
func (r *Ring) Find(secret string) *Key { return r.byHash[HashOf(secret)] }

// ByID returns the key with an id, nil if there is none.
func (r *Ring) ByID(id string) *Key {
	for _, k := range r.byHash {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// Len is the number of keys.
func (r *Ring) Len() int { return len(r.byHash) }
