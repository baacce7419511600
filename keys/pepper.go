package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
)

// minPepper is the fewest bytes of a pepper: what can be guessed is none.
const minPepper = 16

// Peppers are secrets that the hashes of keys are made with, so that a stolen database is
// of no use to try keys against. The first is the current one; keys
// that were hashed under the others are still known. nil is none: then hashes are plain
// SHA-256, for which 190 random bits need neither salt nor slowness. Peppers are immutable
// and safe for concurrent use.
//
// A key is hashed anew under the current pepper when it is used. So on several nodes a new
// pepper is first added behind the current one everywhere, and put in front after that.
type Peppers struct {
	list []pepper
}

// pepper is a secret with the name that records know it by, which follows from it, so that
// nobody has to give names.
type pepper struct {
	id     string
	secret []byte
}

// NewPeppers takes peppers, the current one first. It refuses those that are too short or
// there twice; without any it gives nil.
func NewPeppers(secrets []string) (*Peppers, error) {
	if len(secrets) == 0 {
		return nil, nil
	}
	p := &Peppers{}
	for i, secret := range secrets {
		if len(secret) < minPepper {
			return nil, fmt.Errorf("pepper %d must have at least %d characters", i+1, minPepper)
		}
		added := pepper{secret: []byte(secret)}
		name := added.hash("the name of this pepper")
		added.id = hex.EncodeToString(name[:4])
		for j := range p.list {
			if p.list[j].id == added.id {
				return nil, fmt.Errorf("pepper %d is the same as pepper %d", i+1, j+1)
			}
		}
		p.list = append(p.list, added)
	}
	return p, nil
}

// Hash gives the hash of a secret as new records have it, and the pepper's name.
func (p *Peppers) Hash(secret string) (hash [32]byte, id string) {
	if p == nil {
		return HashOf(secret), ""
	}
	return p.list[0].hash(secret), p.list[0].id
}

// errPepper is a record that was hashed under a pepper that is not configured.
var errPepper = errors.New("the pepper of the key is not configured; add it behind the current one")

// match reports whether a secret is that of a record, in a time that tells nothing of how
// close it came.
func (p *Peppers) match(r *Record, secret string) (bool, error) {
	hash := HashOf(secret)
	if r.Pepper != "" {
		own := p.named(r.Pepper)
		if own == nil {
			return false, fmt.Errorf("key %s: %w", r.ID, errPepper)
		}
		hash = own.hash(secret)
	}
	return subtle.ConstantTimeCompare(hash[:], r.Hash[:]) == 1, nil
}

// outdated reports whether a record is not hashed under the current pepper.
func (p *Peppers) outdated(r *Record) bool { return p != nil && p.list[0].id != r.Pepper }

func (p *Peppers) named(id string) *pepper {
	if p == nil {
		return nil
	}
	for i := range p.list {
		if p.list[i].id == id {
			return &p.list[i]
		}
	}
	return nil
}

func (p *pepper) hash(secret string) (hash [32]byte) {
	mac := hmac.New(sha256.New, p.secret)
	mac.Write([]byte(secret))
	mac.Sum(hash[:0])
	return hash
}
