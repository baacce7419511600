package xjpgateway

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// A body writes what has not been read of it, and nothing once its attempt has ended.
func TestSegmentsWriteTo(t *testing.T) {
	for read := range 10 {
		s := newSegments([]byte("abc"), nil, []byte("defg"), []byte("hi"))
		var got bytes.Buffer
		io.CopyN(&got, struct{ io.Reader }{s}, int64(read))
		n, err := s.WriteTo(&got)
		if err != nil || got.String() != "abcdefghi" || n != s.Size()-int64(read) {
			t.Errorf("after %d bytes: %q, %d, %v", read, got.String(), n, err)
		}
		if again, _ := io.ReadAll(s.again()); string(again) != "abcdefghi" {
			t.Errorf("again after %d bytes: %q", read, again)
		}
		s.end()
		if _, err := s.again().WriteTo(&got); !errors.Is(err, errLeaseEnded) {
			t.Errorf("after the end: %v", err)
		}
	}
}
