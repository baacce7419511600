package sse

import "bytes"

// lookahead is how many bytes after a record may be needed to see that it is over.
const lookahead = len("event:")

var byteOrderMark = []byte("\uFEFF")

// resumptions are the beginnings of a line that end a bare document.
var resumptions = [...]string{"data:", "event:", ":"}

// kind is what the lines of a record have shown so far.
type kind uint8

const (
	unknown kind = iota // no line yet
	comment             // comment lines only
	fields              // a field line
	bare                // JSON without framing
)

// span is a range of bytes relative to the start of the record.
type span struct{ from, to int }

// scanner is how far the record at hand has been looked at. It only ever moves
// forward, so that a record which arrives byte by byte costs no more than one that
// arrives whole. Positions are indexes of the reader's buffer.
type scanner struct {
	start int // where the record begins
	line  int // where its first line not yet taken begins
	lf    int // no line feed is in buf[line:lf]
	cr    int // no carriage return is in buf[line:cr]

	begun  bool // the place of a byte order mark is behind us
	loneCR bool // the last line ended in a carriage return alone
	whole  bool // the record is buf[start:line]
	cut    bool // it was ended by the end of the stream
	kind   kind

	name, data span // of the last event line; of the first data line or the document
	dataLines  int
}

// scan looks at what has arrived of the record and reports whether it is whole.
func (r *Reader) scan() bool {
	if r.whole {
		return true
	}
	if !r.passByteOrderMark() {
		return false
	}
	for r.line < r.end {
		if r.kind == bare && r.resumed() {
			return r.finish()
		}
		text, next, ok := r.lineEnd()
		if !ok {
			return r.unfinished()
		}
		blank := r.take(r.line, text)
		r.line = next
		if blank {
			return r.finish()
		}
	}
	if r.err != nil && r.start < r.line {
		r.cut = true
		return r.finish()
	}
	return r.unfinished()
}

// finish marks the record as whole, unless it is above the limit.
func (r *Reader) finish() bool {
	if r.line-r.start > r.limit {
		r.tooLarge()
		return false
	}
	r.whole = true
	return true
}

// unfinished ends the stream if the record is above the limit already. How the
// stream was cut into reads makes no difference to what is too large.
func (r *Reader) unfinished() bool {
	if r.end-r.start > r.limit+lookahead {
		r.tooLarge()
	}
	return false
}

// advance goes on to the next record.
func (s *scanner) advance() {
	*s = scanner{start: s.line, line: s.line, lf: s.lf, cr: s.cr, begun: true, loneCR: s.loneCR}
}

// passByteOrderMark drops a byte order mark and reports whether enough has arrived
// to tell that there is none.
func (r *Reader) passByteOrderMark() bool {
	if r.begun {
		return true
	}
	head := r.buf[:r.end]
	if r.err == nil && len(head) < len(byteOrderMark) && bytes.HasPrefix(byteOrderMark, head) {
		return false
	}
	if bytes.HasPrefix(head, byteOrderMark) {
		r.start, r.line = len(byteOrderMark), len(byteOrderMark)
	}
	r.begun = true
	return true
}

// resumed reports whether Server-Sent Events go on at the current line of a bare
// document.
func (r *Reader) resumed() bool {
	head := r.buf[r.line:min(r.end, r.line+lookahead)]
	for _, begin := range resumptions {
		if len(head) >= len(begin) && string(head[:len(begin)]) == begin {
			return true
		}
	}
	return false
}

// lineEnd finds where the text of the current line ends and where the next line
// begins. It is not ok as long as that takes more bytes than have arrived.
//
// A carriage return and a line feed are one line end. Only if a line that ended in
// a lone carriage return is followed by another, the second is taken as a blank
// line at once: whoever separates lines so would otherwise see each record held
// back until the next one comes.
func (r *Reader) lineEnd() (text, next int, ok bool) {
	r.lf = r.find('\n', r.lf, r.end)
	r.cr = r.find('\r', r.cr, r.lf)
	if r.cr == r.lf {
		r.loneCR = false
		if r.lf < r.end {
			return r.lf, r.lf + 1, true
		}
		return r.end, r.end, r.err != nil
	}
	next = r.cr + 1
	switch {
	case r.loneCR && r.cr == r.line:
	case next < r.end:
		r.loneCR = r.buf[next] != '\n'
		if !r.loneCR {
			next++
		}
	case r.err == nil:
		return 0, 0, false
	}
	return r.cr, next, true
}

// find returns the first position of c between the start of the line and stop, or
// stop. No c is there before from.
func (r *Reader) find(c byte, from, stop int) int {
	from = max(from, r.line)
	if i := bytes.IndexByte(r.buf[from:stop], c); i >= 0 {
		return from + i
	}
	return stop
}
