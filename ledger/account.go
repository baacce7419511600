package ledger

import (
	"errors"
	"fmt"
	"os"
)

// waiting is how many records have been written and not yet stored.
func (j *journal) waiting() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ends - j.stored
}

// written and inStore count the records that have been written, and those of them that have
// been stored.
func (j *journal) written() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ends
}

func (j *journal) inStore() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stored
}

// reading notes which record is the oldest that is not yet stored.
func (j *journal) reading(r *Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.oldest = r.ended()
}

// settle counts records that have been stored, up to a place. Those that are not among them
// when all has been read are lost.
func (j *journal) settle(n int, upTo position) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stored = min(j.stored+uint64(n), j.ends)
	if upTo == j.last() {
		j.dropped += int64(j.ends - j.stored)
		j.stored = j.ends
	}
}

// adopt counts the bytes of a folder of a dead process, or takes them off.
func (j *journal) adopt(bytes int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.adopted += bytes
}

// lag tells what is behind a place that has been stored.
func (j *journal) lag(stored position) Lag {
	j.mu.Lock()
	defer j.mu.Unlock()
	lag := Lag{Records: int64(j.ends-j.stored) + j.holding, Bytes: j.adopted, Dropped: j.dropped}
	for _, s := range j.segments {
		switch {
		case s.number > stored.segment:
			lag.Bytes += s.size
		case s.number == stored.segment:
			lag.Bytes += s.size - max(stored.offset, int64(len(magic)))
		}
	}
	if j.ends > j.stored {
		lag.Age = max(0, j.now().Sub(j.oldest))
	}
	return lag
}

// spent reports whether a journal that is closed has nothing more to tell.
func (j *journal) spent() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ends == j.stored && len(j.open) == 0
}

// first is the number of the first segment.
func (j *journal) first() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.segments[0].number
}

// anyOpen reports whether a request is under way.
func (j *journal) anyOpen() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.open) > 0
}

// drop removes the first segment. Another is never the first before it is full.
func (j *journal) drop() error {
	if err := os.Remove(j.folder.segmentPath(j.first())); err != nil && !gone(err) {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = j.segments[1:]
	return nil
}

// retry writes what is held. Where there is no room though all that was written is stored, a
// new segment is begun in place of what is kept in reserve, so that the one before can go.
func (j *journal) retry() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	err := j.writeHeld()
	if err != nil && j.waiting() == 0 && os.Remove(j.folder.reservePath()) == nil {
		_ = j.rotate()
	}
	return err
}

// shut lets nothing more in.
func (j *journal) shut() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
}

// close writes what is gathered and held, and closes the segments.
func (j *journal) close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.write()
	err := j.writeHeld()
	if n := len(j.held.entries); n > 0 {
		err = fmt.Errorf("%d records could not be written to the ledger's journal: %w", n, err)
	}
	return errors.Join(err, j.sync(), j.tail.Close())
}
