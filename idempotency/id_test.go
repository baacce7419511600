package idempotency

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCheckKey(t *testing.T) {
	for _, test := range []struct {
		name, key string
		ok        bool
	}{
		{"a UUID", "8f1c0a52-5b0c-4c0e-9d57-0c5b1f6d7a10", true},
		{"one character", "k", true},
		{"the longest", strings.Repeat("k", 255), true},
		{"one more", strings.Repeat("k", 256), false},
		{"every visible character", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true},
		{"nothing", "", false},
		{"a space", "a b", false},
		{"a line", "a\nb", false},
		{"DEL", "a\x7f", false},
		{"not ASCII", "schlüssel", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := CheckKey(test.key); (err == nil) != test.ok {
				t.Error(err)
			}
		})
	}
}

func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 2, -1) // short, so that many are equal
		a := [3]string{part.Draw(t, "principal"), part.Draw(t, "endpoint"), part.Draw(t, "key")}
		b := [3]string{part.Draw(t, "principal"), part.Draw(t, "endpoint"), part.Draw(t, "key")}
		if same := NewID(a[0], a[1], a[2]) == NewID(b[0], b[1], b[2]); same != (a == b) {
			t.Fatalf("%q and %q: %v", a, b, same)
		}
	})
	if Fingerprint([]byte("ab"), []byte("c")) == Fingerprint([]byte("a"), []byte("bc")) || Fingerprint(nil) == Fingerprint(nil, nil) {
		t.Error("parts run into each other")
	}
	if Fingerprint(bytes.Repeat([]byte("x"), 1<<20)) == Fingerprint(bytes.Repeat([]byte("x"), 1<<20+1)) {
		t.Error("lengths make no difference")
	}
}

// FuzzCheckKey checks that any header is refused or kept apart from those of others.
func FuzzCheckKey(f *testing.F) {
	for _, seed := range []string{"8f1c0a52-5b0c-4c0e-9d57-0c5b1f6d7a10", "", " ", "a\r\nX: y", "\x00", "schlüssel", strings.Repeat("k", 256)} {
		f.Add(seed)
	}
	visible := regexp.MustCompile(`^[!-~]{1,255}$`)
	f.Fuzz(func(t *testing.T, key string) {
		err := CheckKey(key)
		if (err == nil) != visible.MatchString(key) {
			t.Fatalf("%q: %v", key, err)
		}
		if NewID("a", "b", key) == NewID("a", "b"+key, "") && key != "" || NewID("a", "b", key) == NewID("c", "b", key) {
			t.Fatalf("%q names requests of several principals", key)
		}
	})
}
