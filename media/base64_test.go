package media

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// Every byte in every place of four words and after them is judged as the alphabet has it.
func TestForeignBytesAreFound(t *testing.T) {
	for at := range 40 {
		for c := range 256 {
			data := []byte("QUJD+/09azAZQUJDQUJD+/09azAZQUJDQUJD+/09")
			data[at] = byte(c)
			want := alphabet[c] || c == '=' && at == 39
			if got := isStandard(data); got != want {
				t.Errorf("byte %#x at %d: %v", c, at, got)
			}
		}
	}
}

func TestBase64(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"QUJD", "QUJD"}, {"QUI=", "QUI="}, {"QQ==", "QQ=="}, {"QQ", "QQ=="}, {"Q U\nJD", "QUJD"}, {"-_-_", "+/+/"},
		{"", ""}, {"Q", ""}, {"QUJ%", ""}, {"====", ""}, {"QUJDQUJDQUJDQUJ\x80", ""},
	} {
		got, err := Base64([]byte(c.data))
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q: %q, %v", c.data, got, err)
		}
	}
}

func BenchmarkBase64(b *testing.B) {
	data := []byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("\x00\x10\x83\xfb picture"), 2<<20/16)))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Base64(data); err != nil {
			b.Fatal(err)
		}
	}
}
