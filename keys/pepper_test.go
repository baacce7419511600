package keys

import (
	"errors"
	"strings"
	"testing"
)

func mustPeppers(t *testing.T, secrets ...string) *Peppers {
	t.Helper()
	p, err := NewPeppers(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPeppers(t *testing.T) {
	const first, second = "the-first-pepper-of-all", "the-second-pepper-of-all"
	none, old, rotated := mustPeppers(t), mustPeppers(t, first), mustPeppers(t, second, first)
	for _, test := range []struct {
		name          string
		made, asks    *Peppers
		matches       bool
		outdated, err bool
	}{
		{"without any", none, none, true, false, false},
		{"the same", old, old, true, false, false},
		{"one was added", none, old, true, true, false},
		{"a new one in front", old, rotated, true, true, false},
		{"the new one alone", old, mustPeppers(t, second), false, true, true},
		{"taken away", old, none, false, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, secret := NewSecret()
			r := &Record{ID: "k"}
			r.Hash, r.Pepper = test.made.Hash(secret)
			ok, err := test.asks.match(r, secret)
			if ok != test.matches || (err != nil) != test.err || err != nil && !errors.Is(err, errPepper) {
				t.Errorf("matches %v, %v", ok, err)
			}
			if got := test.asks.outdated(r); got != test.outdated {
				t.Errorf("outdated: %v", got)
			}
			if ok, _ := test.asks.match(r, secret+"x"); ok {
				t.Error("another secret matches")
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), first)) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
	_, secret := NewSecret()
	plain, _ := none.Hash(secret)
	peppered, name := old.Hash(secret)
	if plain != HashOf(secret) || peppered == plain || len(name) != 8 || strings.Contains(first, name) {
		t.Error("hashes")
	}
	for want, secrets := range map[string][]string{
		"pepper 2 must have at least 16 characters": {first, "short"},
		"pepper 3 is the same as pepper 1":          {first, second, first},
	} {
		if _, err := NewPeppers(secrets); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
