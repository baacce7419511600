package sse

import "sync"

const (
	smallest  = 4 << 10  // the buffer of a stream of ordinary events
	largest   = 64 << 10 // the largest buffer that is kept after use
	leastRead = 2 << 10  // the least space to offer to a Read
)

// pools hold unused buffers of smallest, twice smallest and so on up to largest
// bytes, so that a stream that needs little never sits on a large one.
var pools [5]sync.Pool

// newBlock returns a buffer of at least size bytes.
func newBlock(size int) *[]byte {
	for i := range pools {
		n := smallest << i
		if n < size {
			continue
		}
		if b, ok := pools[i].Get().(*[]byte); ok {
			return b
		}
		size = n
		break
	}
	b := make([]byte, size)
	return &b
}

// freeBlock gives a buffer back. One above largest is left to the garbage collector.
func freeBlock(b *[]byte) {
	for i := range pools {
		if len(*b) == smallest<<i {
			pools[i].Put(b)
		}
	}
}

// makeRoom makes sure that leastRead bytes are free at the end of the buffer. This
// is also where memory that a large event needed is given up, before the wait for
// the next one.
func (r *Reader) makeRoom() {
	if cap(r.joined) > largest {
		r.joined = nil
	}
	held := r.end - r.start
	need := held + leastRead
	switch {
	case len(r.buf) > largest && need <= largest/2, len(r.buf) == 0:
		r.swap(newBlock(need))
	case held > 0 && len(r.buf)-r.end >= leastRead:
	case need <= len(r.buf):
		r.moveTo(r.buf)
	default:
		r.swap(newBlock(2 * len(r.buf)))
	}
}

// swap replaces the buffer, taking along what it holds.
func (r *Reader) swap(b *[]byte) {
	old := r.block
	r.block = b
	if b != nil {
		r.moveTo(*b)
	} else {
		r.buf = nil
	}
	if old != nil {
		freeBlock(old)
	}
}

// moveTo moves the record at hand and what follows it to the front of buf. The
// marks for line ends may become negative, which is before any line.
func (r *Reader) moveTo(buf []byte) {
	copy(buf, r.buf[r.start:r.end])
	r.buf = buf
	r.end -= r.start
	r.line -= r.start
	r.lf -= r.start
	r.cr -= r.start
	r.start = 0
}
