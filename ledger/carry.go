package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// release removes the segments that have been stored. The starts in them that are still
// open are carried over.
func (l *Ledger) release() error {
	for j := l.journal; j.first() < l.feed.place().segment; {
		if j.anyOpen() {
			if err := l.carryStarts(j.first()); err != nil {
				return err
			}
		}
		if err := j.drop(); err != nil {
			return err
		}
		j.folder.reserve(j.segment)
	}
	return nil
}

var errCarry = errors.New("the starts of requests that are under way cannot be carried over")

// carryStarts carries over the starts of a segment that are still open.
func (l *Ledger) carryStarts(number uint64) error {
	file, err := os.Open(l.journal.folder.segmentPath(number))
	if err != nil {
		return err
	}
	return errors.Join(l.carryFrom(file), file.Close())
}

func (l *Ledger) carryFrom(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var starts batch
	s := &scanner{file: file, at: int64(len(magic)), limit: info.Size(), damaged: func(int64, int64) {}}
	for err == nil {
		var payload []byte
		if payload, err = s.next(); err == nil && payload[0] == startKind {
			starts.addStart(payload)
		}
		if len(starts.buf) > mostCarried || err == io.EOF {
			if err := l.journal.carry(starts.entries, starts.buf); err != nil {
				return fmt.Errorf("%w: %w", errCarry, err)
			}
			starts.empty()
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// addStart adds the frame of a start.
func (b *batch) addStart(payload []byte) {
	s, err := decodeStart(payload)
	if err != nil {
		return
	}
	frame := append(openFrame(nil), payload...)
	closeFrame(frame)
	b.add(entry{kind: startKind, id: s.ID}, frame)
}

// carry writes once more those of some starts that are still open, so that the segment they
// are in can go. Where there is no room, what is kept in reserve for this makes it.
func (j *journal) carry(starts []entry, frames []byte) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.write() // an end that has been gathered comes before, so that its start is not carried
	var open []byte
	j.mu.Lock()
	for _, e := range starts {
		if j.open[e.id] > 0 {
			open = append(open, frames[e.begin:e.end]...)
		}
	}
	j.mu.Unlock()
	err := j.put(open)
	if err == nil || os.Remove(j.folder.reservePath()) != nil {
		return err
	}
	return j.put(open)
}
