package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

var (
	// ErrFull says that the journal takes no more records: it has reached its cap, or the
	// disk takes no more. It is joined with the cause where there is one.
	ErrFull = errors.New("the ledger's journal takes no more records")
	// ErrClosed says that the ledger has been closed.
	ErrClosed = errors.New("the ledger is closed")
)

const (
	// leastSegment and mostSegment bound the size at which a new segment is begun, so that
	// what has been stored can go in parts.
	leastSegment = 64 << 10
	mostSegment  = 64 << 20
	// mostOpen bounds the requests that are under way.
	mostOpen = 1 << 20
	// mostHeld bounds what waits in memory for a disk that takes no more.
	mostHeld = 4 << 20
	// mostCarried bounds the starts that are carried over at once.
	mostCarried = 1 << 20
)

// file is what the journal needs of a segment's file.
type file interface {
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

// journal is the end of a folder's journal at which it grows. Callers that come while
// another one writes gather in a batch, which the first of them that can writes whole.
type journal struct {
	folder  *folder
	create  func(path string) (file, error)
	now     func() time.Time
	segment int64 // the size at which a new segment is begun
	cap     int64 // of all segments, and of the folders that are being adopted
	durable bool  // sync each batch before its callers go on
	batch   int   // ready is called when so many records wait, and at the first
	ready   func()

	writing sync.Mutex // held by who writes a batch; guards tail, size, held, spare
	tail    file
	size    int64 // of the tail
	held    batch // ends that could not be written, until there is room for them
	spare   *batch

	mu       sync.Mutex // guards the rest; it is taken after writing
	gathered *batch
	open     map[string]int // the starts of requests that have not ended
	segments []segment
	unsynced []file // segments that are full, but not yet synced
	fresh    bool   // a segment was made that the folder has not been synced with
	dirty    bool   // something was written that has not been synced
	adopted  int64  // the bytes in folders that are being adopted
	ends     uint64 // the records that have been written
	stored   uint64 // those of them that have been stored
	oldest   time.Time
	dropped  int64
	holding  int64 // ends that are held
	closed   bool
}

// begin makes the first segment.
func (j *journal) begin() error {
	j.open, j.gathered, j.spare = map[string]int{}, &batch{}, &batch{}
	return j.rotate()
}

// append writes the frame of a start or of an end. An end that could not be written is
// held, and written as soon as there is room; a start is not.
func (j *journal) append(kind byte, id string, frame []byte) error {
	j.mu.Lock()
	if err := j.admit(kind, id, len(frame)); err != nil {
		j.mu.Unlock()
		return err
	}
	b := j.gathered
	b.waiting++
	e := entry{kind: kind, id: id}
	if kind == startKind {
		j.open[id]++
	} else {
		e.starts = j.open[id]
		delete(j.open, id)
	}
	b.add(e, frame)
	j.mu.Unlock()
	return j.await(b)
}

// admit tells whether a frame may be written. The end of a request that is under way may in
// any case: its start has been admitted.
func (j *journal) admit(kind byte, id string, n int) error {
	if j.closed {
		return ErrClosed
	}
	if kind == endKind && j.open[id] > 0 {
		return nil
	}
	full := j.bytes()+int64(len(j.gathered.buf)+n) > j.cap
	if kind == startKind && len(j.open) >= mostOpen {
		full = true
	}
	if !full {
		return nil
	}
	if kind == endKind {
		j.dropped++
	}
	return ErrFull
}

// bytes is the size of what counts for the cap.
func (j *journal) bytes() int64 {
	n := j.adopted
	for _, s := range j.segments {
		n += s.size
	}
	return n
}

// await returns when the batch has been written, by whom ever.
func (j *journal) await(b *batch) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if !b.done {
		j.write()
	}
	err := b.err
	if b.waiting--; b.waiting == 0 {
		b.empty()
		j.spare = b
	}
	return err
}

// write writes the gathered batch, and before it what is held.
func (j *journal) write() {
	j.mu.Lock()
	b := j.gathered
	if len(b.entries) == 0 {
		j.mu.Unlock()
		return
	}
	j.gathered, j.spare = j.spare, nil
	if j.gathered == nil {
		j.gathered = &batch{}
	}
	j.mu.Unlock()
	if b.err = j.writeHeld(); b.err == nil {
		b.err = j.put(b.buf)
	}
	b.done = true
	j.mu.Lock()
	defer j.mu.Unlock()
	if b.err == nil {
		j.count(b)
	} else {
		b.err = fmt.Errorf("%w: %w", ErrFull, b.err)
		j.undo(b)
	}
}

// count notes the records of a batch that has been written.
func (j *journal) count(b *batch) {
	for i := range b.entries {
		if b.entries[i].kind != endKind {
			continue
		}
		waiting := j.ends - j.stored
		if waiting == 0 {
			j.oldest = j.now()
		}
		j.ends++
		if waiting%uint64(j.batch) == 0 {
			j.ready()
		}
	}
}

// undo takes back what a batch that could not be written has changed, and holds its ends.
func (j *journal) undo(b *batch) {
	for i := range b.entries {
		e := &b.entries[i]
		if e.kind == startKind {
			if j.open[e.id]--; j.open[e.id] <= 0 {
				delete(j.open, e.id)
			}
			continue
		}
		if e.starts > 0 {
			j.open[e.id] = e.starts
		}
		j.hold(*e, b.buf[e.begin:e.end])
	}
}

// hold keeps the frame of an end in memory until it can be written.
func (j *journal) hold(e entry, frame []byte) {
	if len(j.held.buf)+len(frame) > mostHeld {
		j.dropped++
		return
	}
	j.held.add(e, frame)
	j.holding++
}

// mostPart bounds what is written at once of what is held, so that a little room is enough to
// begin with.
const mostPart = 256 << 10

// writeHeld writes what is held, part by part.
func (j *journal) writeHeld() (err error) {
	written := 0
	for err == nil && written < len(j.held.entries) {
		part := j.held.part(written, mostPart)
		if err = j.put(part.buf); err == nil {
			j.noteHeld(&part)
			written += len(part.entries)
		}
	}
	if written > 0 {
		j.held = j.held.from(written)
	}
	return err
}

// noteHeld notes that ends that were held have been written.
func (j *journal) noteHeld(part *batch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count(part)
	j.holding -= int64(len(part.entries))
	for _, e := range part.entries {
		delete(j.open, e.id)
	}
}

// put writes frames at the end of the journal. What a write that failed has left behind is
// cut off.
func (j *journal) put(frames []byte) error {
	if len(frames) == 0 {
		return nil
	}
	if j.size > int64(len(magic)) && j.size+int64(len(frames)) > j.segment {
		// Where no file can be made any more, the old one may still take some.
		_ = j.rotate()
	}
	at := j.size
	_, err := j.tail.WriteAt(frames, at)
	if err == nil && j.durable {
		err = j.sync()
	}
	if err != nil {
		return errors.Join(err, j.tail.Truncate(at))
	}
	j.size += int64(len(frames))
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments[len(j.segments)-1].size = j.size
	j.dirty = true
	return nil
}

// end is the place behind the last frame.
func (j *journal) end() position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last()
}

func (j *journal) last() position {
	s := j.segments[len(j.segments)-1]
	return position{segment: s.number, offset: s.size}
}

// rotate begins a new segment.
func (j *journal) rotate() error {
	n := uint64(1)
	if j.tail != nil {
		n = j.end().segment + 1
	}
	path := j.folder.segmentPath(n)
	next, err := j.create(path)
	if err != nil {
		return err
	}
	if _, err := next.WriteAt([]byte(magic), 0); err != nil {
		return errors.Join(err, next.Close(), os.Remove(path))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.tail != nil {
		j.unsynced = append(j.unsynced, j.tail)
	}
	j.tail, j.size, j.fresh, j.dirty = next, int64(len(magic)), true, true
	j.segments = append(j.segments, segment{number: n, size: j.size})
	return nil
}
