package keys

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNewSecret(t *testing.T) {
	scanner := regexp.MustCompile(`\bXJP_[0-9A-Za-z]{50}\b`)
	seen := map[string]bool{}
	var used [128]int
	for range 2000 {
		id, secret := NewSecret()
		form, parsed := ParseSecret(secret)
		if form != Made || parsed != id || len(id) != 12 || seen[id] {
			t.Fatalf("the key with the id %q is read as form %d with id %q", id, form, parsed)
		}
		if scanner.FindString("key="+secret+";") != secret {
			t.Fatal("a scanner does not find a key")
		}
		seen[id] = true
		for _, c := range secret[4:48] {
			used[c]++
		}
	}
	for _, c := range base62 { // 88,000 characters: about 1,419 of each, give or take 38
		if n := used[c]; n < 1150 || n > 1700 {
			t.Errorf("%q is drawn %d times", c, n)
		}
	}
}

func TestParseSecret(t *testing.T) {
	_, secret := NewSecret()
	predecessor := "XJP_" + strings.Repeat("aB3-_", 9)[:43]
	for _, test := range []struct {
		name, text string
		want       Form
	}{
		{"made", secret, Made},
		{"of the predecessor", predecessor, Predecessor},
		{"cut off", secret[:53], Mistyped},
		{"cut off early", secret[:20], Mistyped},
		{"with more behind it", secret + "a", Mistyped},
		{"with a blank", secret + " ", Other},
		{"in small letters", strings.ToLower(secret[:4]) + secret[4:], Other},
		{"with a foreign character", secret[:20] + "-" + secret[21:], Other},
		{"the length of the predecessor's, with a foreign character", predecessor[:46] + "+", Other},
		{"beyond ASCII", "XJP_" + strings.Repeat("é", 25), Other},
		{"empty", "", Other},
		{"the prefix", "XJP_", Other},
		{"of somebody else", "sk-ant-api03-0123456789", Other},
	} {
		t.Run(test.name, func(t *testing.T) {
			if form, _ := ParseSecret(test.text); form != test.want {
				t.Errorf("form %d, want %d", form, test.want)
			}
		})
	}
}

func TestTypos(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, secret := NewSecret()
		typed := []byte(secret)
		switch i := rapid.IntRange(4, len(typed)-2).Draw(t, "at"); rapid.IntRange(0, 1).Draw(t, "typo") {
		case 0: // another character
			typed[i] = base62[rapid.IntRange(0, 61).Draw(t, "digit")]
		case 1: // two that change places
			typed[i], typed[i+1] = typed[i+1], typed[i]
		}
		if string(typed) == secret {
			return
		}
		if form, id := ParseSecret(string(typed)); form != Mistyped || id != "" {
			t.Fatalf("a typo is form %d with the id %q", form, id)
		}
	})
}

func TestRedacted(t *testing.T) {
	_, secret := NewSecret()
	for text, want := range map[string]string{secret: secret[:7] + "…", "": "…", "short-secret": "…", "a-secret-of-some-length": "a-secre…"} {
		if got := Redacted(text); got != want {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	_, secret := NewSecret()
	for _, seed := range []string{secret, secret[:50], "XJP_", "XJP_" + strings.Repeat("-", 43), "", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, id := ParseSecret(text)
		if (form == Made) != (id != "") {
			t.Fatalf("form %d has the id %q", form, id)
		}
		if form == Made && text != Prefix+id+text[16:48]+checksum(text[:48]) {
			t.Fatalf("%q is made", text)
		}
		if form != Other && !strings.HasPrefix(text, Prefix) {
			t.Fatalf("%q has form %d", text, form)
		}
		if shown := Redacted(text); len(shown) > 7+len("…") || !utf8.ValidString(shown) {
			t.Fatalf("%q is shown", shown)
		}
	})
}
