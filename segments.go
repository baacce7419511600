package xjpgateway

import (
	"errors"
	"io"
	"net"
	"sync"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// segments is a request body made of pieces of other buffers, so that a large body
// with a few changes is not copied. The pieces go back to a pool when the attempt
// ends, while the transport may still be sending: end waits for a Read under way and
// lets no other begin.
type segments struct {
	parts [][]byte
	size  int64
	next  int
	at    int
	lease *lease
}

// lease says whether the pieces may still be read, and whether all of them were.
type lease struct {
	mu    sync.Mutex
	ended bool
	spent bool
}

var errLeaseEnded = errors.New("the attempt has ended")

// newSegments makes a body of the given pieces.
func newSegments(parts ...[]byte) *segments {
	s := &segments{parts: parts, lease: &lease{}}
	for _, p := range parts {
		s.size += int64(len(p))
	}
	return s
}

// spliced makes a body of src with edits, which must be in order and not overlap.
func spliced(src []byte, edits []scan.Edit) *segments {
	parts := make([][]byte, 0, 2*len(edits)+1)
	at := 0
	for _, e := range edits {
		parts = append(parts, src[at:e.Start], e.With)
		at = e.End
	}
	return newSegments(append(parts, src[at:])...)
}

// Read copies the pieces in order.
func (s *segments) Read(p []byte) (int, error) {
	s.lease.mu.Lock()
	defer s.lease.mu.Unlock()
	if s.lease.ended {
		return 0, errLeaseEnded
	}
	n := 0
	for n < len(p) && s.next < len(s.parts) {
		k := copy(p[n:], s.parts[s.next][s.at:])
		n += k
		s.at += k
		if s.at == len(s.parts[s.next]) {
			s.next, s.at = s.next+1, 0
		}
	}
	s.lease.spent = s.lease.spent || s.next == len(s.parts)
	if n == 0 && s.next == len(s.parts) {
		return 0, io.EOF
	}
	return n, nil
}

// WriteTo writes what has not been read, without a copy: a connection takes all pieces in
// one system call. end waits for it, and the attempt's end closes the connection.
func (s *segments) WriteTo(w io.Writer) (int64, error) {
	s.lease.mu.Lock()
	defer s.lease.mu.Unlock()
	if s.lease.ended {
		return 0, errLeaseEnded
	}
	rest := make(net.Buffers, 0, len(s.parts)-s.next)
	for ; s.next < len(s.parts); s.next++ {
		rest = append(rest, s.parts[s.next][s.at:])
		s.at = 0
	}
	n, err := rest.WriteTo(w)
	s.lease.spent = s.lease.spent || err == nil
	return n, err
}

// sent reports whether a transport has taken the whole body, which it does once it has a
// connection.
func (s *segments) sent() bool {
	s.lease.mu.Lock()
	defer s.lease.mu.Unlock()
	return s.lease.spent
}

// Size is the length of the whole body in bytes.
func (s *segments) Size() int64 { return s.size }

// Close does nothing: the pieces belong to others.
func (s *segments) Close() error { return nil }

// end takes the pieces away from whoever still reads them.
func (s *segments) end() {
	s.lease.mu.Lock()
	s.lease.ended = true
	s.lease.mu.Unlock()
}

// again gives the body from its beginning, to a transport that knows that the provider has
// made nothing of what it was sent before.
func (s *segments) again() *segments {
	s.lease.mu.Lock()
	s.lease.spent = false
	s.lease.mu.Unlock()
	return &segments{parts: s.parts, size: s.size, lease: s.lease}
}

// bytes copies the body into one buffer.
func (s *segments) bytes(dst []byte) []byte {
	for _, p := range s.parts {
		dst = append(dst, p...)
	}
	return dst
}
