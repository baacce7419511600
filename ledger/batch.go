package ledger

// batch is frames that are written together, each for a caller that waits for it.
type batch struct {
	buf     []byte
	entries []entry
	waiting int // callers that have not seen yet what became of it
	done    bool
	err     error
}

// entry is one frame of a batch.
type entry struct {
	kind byte
	id   string
	// starts is how many starts of the id were open before its end came.
	starts int
	// begin and end are where the frame is in the batch.
	begin, end int
}

func (b *batch) add(e entry, frame []byte) {
	e.begin = len(b.buf)
	b.buf = append(b.buf, frame...)
	e.end = len(b.buf)
	b.entries = append(b.entries, e)
}

// part gives frames from one on: as many as most bytes hold, but one at least.
func (b *batch) part(from, most int) batch {
	begin, to := b.entries[from].begin, from+1
	for to < len(b.entries) && b.entries[to].end-begin <= most {
		to++
	}
	return batch{buf: b.buf[begin:b.entries[to-1].end], entries: b.entries[from:to]}
}

// from gives a batch of the frames from one on, in a buffer of its own.
func (b *batch) from(n int) (rest batch) {
	for _, e := range b.entries[n:] {
		rest.add(e, b.buf[e.begin:e.end])
	}
	return rest
}

// mostSpare is the size of a buffer beyond which it is not kept for the next batch.
const mostSpare = 1 << 20

// empty makes the batch ready for use.
func (b *batch) empty() {
	if cap(b.buf) > mostSpare {
		b.buf = nil
	}
	clear(b.entries)
	b.buf, b.entries, b.waiting, b.done, b.err = b.buf[:0], b.entries[:0], 0, false, nil
}
