package media

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

func TestDataURL(t *testing.T) {
	for _, test := range []struct{ name, url, mediaType, data, err string }{
		{"plain", "data:image/png;base64,iVBORw0KGgo=", "image/png", "iVBORw0KGgo=", ""},
		{"in capitals", "DATA:Image/PNG;BASE64,iVBORw0KGgo=", "image/png", "iVBORw0KGgo=", ""},
		{"with parameters", "data:text/plain;charset=utf-8;base64,aGk=", "text/plain", "aGk=", ""},
		{"by another name", "data:image/jpg;base64,/9j/", "image/jpeg", "/9j/", ""},
		{"without a type", "data:;base64,aGk=", "", "aGk=", ""},
		{"without anything", "data:base64,aGk=", "", "aGk=", ""},
		{"with white space", "data:image/png;base64,iVBO\r\n Rw0K\tGgo=", "image/png", "iVBORw0KGgo=", ""},
		{"without padding", "data:image/png;base64,iVBORw0KGgo", "image/png", "iVBORw0KGgo=", ""},
		{"in the alphabet of URLs", "data:image/png;base64,_9j-", "image/png", "/9j+", ""},
		{"not base64 but percents", "data:text/plain,hi%20there", "", "", ErrDataURL.Error()},
		{"no comma", "data:image/png;base64", "", "", ErrDataURL.Error()},
		{"no data URL", "https://h/a.png", "", "", ErrDataURL.Error()},
		{"no data", "data:image/png;base64,", "image/png", "", ErrBase64.Error()},
		{"broken data", "data:image/png;base64,iV*O", "image/png", "", ErrBase64.Error()},
		{"a quantum of one", "data:image/png;base64,iVBOR", "image/png", "", ErrBase64.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			mediaType, data, err := ParseDataURL([]byte(test.url))
			told := ""
			if err != nil {
				told = err.Error()
			}
			if mediaType != test.mediaType || string(data) != test.data || told != test.err {
				t.Errorf("%q, %q, %q", mediaType, data, told)
			}
		})
	}
	t.Run("good data is not copied", func(t *testing.T) {
		url := []byte("data:image/png;base64," + strings.Repeat("AAAA", 1000))
		if _, data, err := ParseDataURL(url); err != nil || &data[0] != &url[22] {
			t.Errorf("copied, %v", err)
		}
	})
}

// FuzzBase64: what comes out is standard base64 of the same bytes, or there is an error.
func FuzzBase64(f *testing.F) {
	for _, seed := range []string{"", "=", "A", "AA", "AAA", "AAAA", "AA==", "A=A=", "_-8", "iVBO\nRw0K", "====", "AAAA=", "AAAAA==="} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Base64(data)
		if err != nil {
			return
		}
		decoded, err := base64.StdEncoding.DecodeString(string(out))
		if err != nil || len(decoded) == 0 {
			t.Fatalf("%q became %q: %v", data, out, err)
		}
		if again, err := Base64(out); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q became %q, then %q, %v", data, out, again, err)
		}
		SniffBase64(out, "")
	})
}

func TestSniff(t *testing.T) {
	for _, test := range []struct{ name, head, declared, want string }{
		{"PNG", "\x89PNG\r\n\x1a\n", "image/jpeg", "image/png"},
		{"JPEG", "\xff\xd8\xff\xe0", "image/png", "image/jpeg"},
		{"GIF", "GIF89a", "", "image/gif"},
		{"WebP", "RIFF\x00\x00\x00\x00WEBPVP8 ", "image/png", "image/webp"},
		{"WAV", "RIFF\x00\x00\x00\x00WAVEfmt ", "", "audio/wav"},
		{"PDF", "%PDF-1.7", "image/png", "application/pdf"},
		{"HEIC", "\x00\x00\x00\x18ftypheic", "", "image/heic"},
		{"AVIF", "\x00\x00\x00\x18ftypavif", "", "image/avif"},
		{"MP4", "\x00\x00\x00\x18ftypisom", "", "video/mp4"},
		{"QuickTime", "\x00\x00\x00\x14ftypqt  ", "video/mp4", "video/quicktime"},
		{"M4A", "\x00\x00\x00\x18ftypM4A ", "", "audio/mp4"},
		{"WebM", "\x1aE\xdf\xa3", "", "video/webm"},
		{"MP3 with a tag", "ID3\x03", "", "audio/mpeg"},
		{"MP3 without", "\xff\xfb\x90", "", "audio/mpeg"},
		{"Ogg", "OggS", "", "audio/ogg"},
		{"FLAC", "fLaC", "", "audio/flac"},
		{"BMP", "BM\x00\x00", "", "image/bmp"},
		{"two letters do not overrule a declaration", "BMW is a maker of cars", "text/plain", "text/plain"},
		{"nothing known", "hello", "Text/Plain; charset=utf-8", "text/plain"},
		{"nothing at all", "", "", ""},
		{"too short", "\x89PN", "image/png", "image/png"},
		{"a common misnomer", "", "audio/mp3", "audio/mpeg"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Sniff([]byte(test.head), test.declared); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			encoded := base64.StdEncoding.EncodeToString([]byte(test.head + strings.Repeat("\x00", 60)))
			if want := Sniff([]byte(test.head+strings.Repeat("\x00", 60)), test.declared); SniffBase64([]byte(encoded), test.declared) != want {
				t.Errorf("in base64 %q, want %q", SniffBase64([]byte(encoded), test.declared), want)
			}
		})
	}
}

func TestTypeByExtension(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"https://h/a.png", "image/png"}, {"https://h/a.PNG?sig=x.pdf", "image/png"}, {"https://h/a.jpeg#x.gif", "image/jpeg"},
		{"report.final.pdf", "application/pdf"}, {"https://h/v1.2/file", ""}, {"https://h/a.png/b", ""}, {"https://h/?f=a.png", ""}, {"https://example.mov", ""}, {"", ""}, {"a.", ""},
	} {
		if got := TypeByExtension(test.url); got != test.want {
			t.Errorf("%s: %q, want %q", test.url, got, test.want)
		}
	}
}
