package ledger

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A frame is a CRC-32C of what follows it, the payload's length and the payload. The length
// is under the checksum, so that zeros, which a file system may leave after a power loss,
// are no frame.
const (
	frameHead = 8
	// mostFrame is above the longest payload that can come of an encoding.
	mostFrame = 2 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openFrame appends room for a frame's head; the payload is appended next.
func openFrame(buf []byte) []byte { return append(buf, make([]byte, frameHead)...) }

// closeFrame fills in the head of the frame that buf is.
func closeFrame(buf []byte) {
	binary.LittleEndian.PutUint32(buf[4:], uint32(len(buf)-frameHead))
	binary.LittleEndian.PutUint32(buf, crc32.Checksum(buf[4:], castagnoli))
}

var errBroken = errors.New("broken frame")

// scanner reads the frames of a segment. A broken one is passed over if there is a good one
// right behind it, else the rest is given up: a frame is never searched for in what may be
// a client's text.
type scanner struct {
	file io.ReaderAt
	// at is where the next frame begins, limit where what may be read ends.
	at, limit int64
	// damaged is told of what is passed over.
	damaged func(offset, bytes int64)

	window []byte // what has been read ahead
	from   int64  // its place in the file
}

// readAhead is how much is read at once.
const readAhead = 256 << 10

// next gives the payload of the next frame, which is valid until the call after, or io.EOF.
func (s *scanner) next() ([]byte, error) {
	for s.at < s.limit {
		payload, err := s.frame(s.at)
		if err == nil {
			s.at += frameHead + int64(len(payload))
			return payload, nil
		}
		if err != errBroken {
			return nil, err
		}
		behind, err := s.behind(s.at)
		if err != nil {
			return nil, err
		}
		s.damaged(s.at, behind-s.at)
		s.at = behind
	}
	return nil, io.EOF
}

// frame gives the payload of the frame at an offset.
func (s *scanner) frame(at int64) ([]byte, error) {
	n, err := s.length(at)
	if err != nil {
		return nil, err
	}
	buf, err := s.peek(at, frameHead+n)
	if err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(buf) != crc32.Checksum(buf[4:], castagnoli) {
		return nil, errBroken
	}
	return buf[frameHead:], nil
}

// length gives the length of the payload of the frame at an offset.
func (s *scanner) length(at int64) (int, error) {
	head, err := s.peek(at, frameHead)
	if err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint32(head[4:])
	if n == 0 || n > mostFrame {
		return 0, errBroken
	}
	return int(n), nil
}

// behind tells where to go on behind a broken frame.
func (s *scanner) behind(at int64) (int64, error) {
	n, err := s.length(at)
	if err == nil {
		at += frameHead + int64(n)
		_, err = s.frame(at)
	}
	if err == errBroken {
		return s.limit, nil
	}
	return at, err
}

// peek gives bytes of the file. Those that are not there are a broken frame.
func (s *scanner) peek(at int64, n int) ([]byte, error) {
	if at+int64(n) > s.limit {
		return nil, errBroken
	}
	if at < s.from || at+int64(n) > s.from+int64(len(s.window)) {
		if err := s.fill(at, n); err != nil {
			return nil, err
		}
	}
	i := at - s.from
	return s.window[i : i+int64(n)], nil
}

// fill reads on from an offset, at least n bytes.
func (s *scanner) fill(at int64, n int) error {
	n = int(min(int64(max(n, readAhead)), s.limit-at))
	if cap(s.window) < n {
		s.window = make([]byte, n)
	}
	s.window, s.from = s.window[:n], at
	read, err := s.file.ReadAt(s.window, at)
	if err != nil && !(err == io.EOF && read == n) {
		s.window = s.window[:0]
		return err
	}
	return nil
}
