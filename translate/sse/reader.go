package sse

import (
	"bytes"
	"errors"
	"io"
)

// DefaultLimit is the size in bytes that one event may have when NewReader is
// given no limit: enough for an image of several MiB in base64 (trap B18).
const DefaultLimit = 16 << 20

// ErrTooLarge is returned by Next when an event has more bytes than the limit.
var ErrTooLarge = errors.New("sse: event exceeds the size limit")

var errReleased = errors.New("sse: read from a released reader")

// maxEmptyReads is how often in a row a source may return neither bytes nor an
// error before Next gives up with io.ErrNoProgress.
const maxEmptyReads = 100

// Event is one record of a stream. Its slices alias the reader's memory and are
// valid until the next call of Next, Reset or Release.
type Event struct {
	// Name is the value of the record's last event line, nil if it has none. Most
	// upstreams send none, and some send a wrong one: dispatch on the data.
	Name []byte
	// Data holds the values of the data lines joined by line feeds. It is nil if the
	// record has no data line, and empty but not nil if its data is empty. In a bare
	// document it is the document without the white space around it.
	Data []byte
	// Raw is the record as it was received, with the blank line that ends it. The Raw
	// of all events together are the stream, less a byte order mark at its start.
	Raw []byte
	// Comment is true for a record of nothing but comment lines, and for a blank line
	// that ends no record. Upstreams send both as signs of life (trap D1).
	Comment bool
	// Bare is true for JSON that came without "data:", such as an error that Google
	// writes into an open stream or a whole answer in place of one. It goes on to the
	// end of the stream or to the line where Server-Sent Events go on.
	Bare bool
	// Cut is true if the stream ended, in whatever way, before the record did. The
	// data may be whole all the same, as some upstreams leave out the last blank
	// line, and a bare document has no other end; if it does not parse, the
	// connection was lost.
	Cut bool
}

// Done reports whether the event is the "[DONE]" that ends a stream of the Chat
// dialect. Some upstreams send white space behind it.
func (e Event) Done() bool {
	return bytes.HasPrefix(e.Data, []byte("[DONE]"))
}

// Reader reads events one after the other from a source. It holds one buffer of
// 4 KiB, larger only while an event needs it. A Reader is not safe for concurrent
// use.
type Reader struct {
	src   io.Reader
	limit int
	err   error // why nothing more can be read from src

	block  *[]byte // where buf came from
	buf    []byte
	end    int    // buf[:end] has been filled
	joined []byte // the data of the last event that had several data lines

	scanner
}

// NewReader returns a Reader of src. An event of more than limit bytes, counted
// with all its lines, is an error; a limit of 0 means DefaultLimit. No memory is
// taken for the buffer before the first call of Next.
func NewReader(src io.Reader, limit int) *Reader {
	if limit == 0 {
		limit = DefaultLimit
	}
	return &Reader{src: src, limit: limit}
}

// Reset makes r read a new stream from src, with the same limit. What was left of
// the old stream is dropped.
func (r *Reader) Reset(src io.Reader) {
	r.src, r.err = src, nil
	r.end, r.scanner = 0, scanner{}
}

// Release gives the memory of r back for use by other readers. Events returned
// earlier are no longer valid, and Next fails until r is Reset. The source is not
// closed.
func (r *Reader) Release() {
	r.Reset(nil)
	r.err = errReleased
	r.swap(nil)
	r.joined = nil
}

// Next returns the next event. It reads from the source only if the buffer does
// not hold a whole one. A record that the stream breaks off in is returned with
// Cut set; after it, Next returns the source's error, which is io.EOF at a clean
// end. Next returns ErrTooLarge for an event above the limit and ends there.
func (r *Reader) Next() (Event, error) {
	for !r.scan() {
		if r.err != nil {
			return Event{}, r.err
		}
		r.fill()
	}
	ev := r.event()
	r.scanner.advance()
	return ev, nil
}

// Buffered reports whether Next will return an event without reading from the
// source. It leaves the event returned last as it is. Bytes already looked at are
// not looked at again, neither here nor in Next.
func (r *Reader) Buffered() bool {
	return r.scan()
}

// fill reads once from the source, with all the space that is free in the buffer.
func (r *Reader) fill() {
	r.makeRoom()
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		r.err = err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

// tooLarge ends the stream and drops what is left of it.
func (r *Reader) tooLarge() {
	r.err = ErrTooLarge
	r.end, r.scanner = 0, scanner{begun: true}
}
