// Package keys knows who may use the gateway: clients' keys, and a brake on those who
// guess at them. Keys of the configuration are in a Ring, those of a store in a Directory.
// It is plain Go and knows no engine of a store.
package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// HashOf gives the hash under which a secret is known.
func HashOf(secret string) [32]byte {
	var room [64]byte // for a key as they are made here, so that nothing is allocated
	return sha256.Sum256(append(room[:0], secret...))
}

// ParseHash reads a hash in hexadecimal digits.
func ParseHash(text string) (hash [32]byte, err error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(hash) {
		return hash, fmt.Errorf("a key's hash must be the 64 hexadecimal digits of a SHA-256")
	}
	return [32]byte(raw), nil
}

// StaticKey is a key of the configuration.
type StaticKey struct {
	// Hash is the plain SHA-256 of the secret.
	Hash [32]byte
	*Principal
}

// Ring is a set of static keys. It is immutable and safe for concurrent use.
type Ring struct {
	byHash map[[32]byte]*Principal
	byID   map[string]*Principal
}

// NewRing makes a ring; it refuses keys that are equal and ids that are used twice.
func NewRing(list []StaticKey) (*Ring, error) {
	r := &Ring{byHash: make(map[[32]byte]*Principal, len(list)), byID: make(map[string]*Principal, len(list))}
	for _, k := range list {
		if r.byID[k.ID] != nil {
			return nil, fmt.Errorf("the key id %q is used twice", k.ID)
		}
		if other := r.byHash[k.Hash]; other != nil {
			return nil, fmt.Errorf("the keys %q and %q are the same", other.ID, k.ID)
		}
		r.byHash[k.Hash], r.byID[k.ID] = k.Principal, k.Principal
	}
	return r, nil
}

// Find returns the key with a secret, nil if there is none. It looks the secret's hash
// up, so that the time it takes tells nothing about any key.
func (r *Ring) Find(secret string) *Principal {
	if len(r.byHash) == 0 {
		return nil
	}
	return r.byHash[HashOf(secret)]
}

// ByID returns the key with an id, nil if there is none.
func (r *Ring) ByID(id string) *Principal { return r.byID[id] }

// Len is the number of keys.
func (r *Ring) Len() int { return len(r.byHash) }
