package sse

import "bytes"

// take adds the line buf[from:to] to the record and reports whether it is the
// blank line that ends it.
func (r *Reader) take(from, to int) (blank bool) {
	if r.kind == bare {
		return false
	}
	line := r.buf[from:to]
	if r.kind < fields {
		// White space ahead of a record is a keep-alive, not part of a field name.
		line = bytes.TrimLeft(line, " \t")
	}
	if len(line) == 0 {
		return true
	}
	at := to - len(line) - r.start
	switch {
	case line[0] == ':':
		if r.kind == unknown {
			r.kind = comment
		}
	case r.kind < fields && (line[0] == '{' || line[0] == '['):
		r.kind = bare
		r.data.from = at
	default:
		r.kind = fields
		r.field(line, at)
	}
	return false
}

// field notes where the value of a name or data line is; at is the position of the
// line in the record. Other fields mean nothing here.
func (r *Reader) field(line []byte, at int) {
	if i, ok := valueOf("data", line); ok {
		if r.dataLines == 0 {
			r.data = span{at + i, at + len(line)}
		}
		r.dataLines++
		return
	}
	if i, ok := valueOf("event", line); ok {
		r.name = span{at + i, at + len(line)}
	}
}

// valueOf returns where the value begins in the line of a field: after the colon
// and one space, which may be absent (trap 118), as may the colon.
func valueOf(name string, line []byte) (at int, ok bool) {
	at = len(name)
	if len(line) < at || string(line[:at]) != name {
		return 0, false
	}
	if len(line) == at {
		return at, true
	}
	if line[at] != ':' {
		return 0, false
	}
	at++
	if at < len(line) && line[at] == ' ' {
		at++
	}
	return at, true
}

// event returns the whole record as an event.
func (r *Reader) event() Event {
	raw := r.buf[r.start:r.line:r.line]
	ev := Event{Raw: raw, Cut: r.cut}
	switch r.kind {
	case unknown, comment:
		ev.Comment = true
	case bare:
		ev.Bare = true
		doc := bytes.TrimRight(raw[r.data.from:], " \t\r\n")
		ev.Data = doc[:len(doc):len(doc)]
	case fields:
		ev.Name = r.name.of(raw)
		ev.Data = r.data.of(raw)
		if r.dataLines > 1 {
			r.joined = append(r.joined[:0], ev.Data...)
			r.joined = appendDataLines(r.joined, raw[r.data.to:])
			ev.Data = r.joined[:len(r.joined):len(r.joined)]
		}
	}
	return ev
}

// of returns the bytes of the span in a record, or nil if it was never set: a
// value always has the name of its field before it.
func (s span) of(raw []byte) []byte {
	if s.to == 0 {
		return nil
	}
	return raw[s.from:s.to:s.to]
}

// appendDataLines appends the value of each data line in the rest of a record, with
// a line feed ahead of each.
func appendDataLines(dst, rest []byte) []byte {
	for len(rest) > 0 {
		line := rest
		rest = nil
		if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
			line, rest = line[:i], line[i+1:]
		}
		if i, ok := valueOf("data", line); ok {
			dst = append(dst, '\n')
			dst = append(dst, line[i:]...)
		}
	}
	return dst
}
