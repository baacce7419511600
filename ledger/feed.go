package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// DamageError says that a part of the journal could not be read, as after a power loss, and
// was passed over. What is told of it does not name what it held.
type DamageError struct {
	Segment string
	Offset  int64
	Bytes   int64
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("the ledger's journal is damaged: %d bytes at %d of %s cannot be read and are passed over", e.Bytes, e.Offset, e.Segment)
}

// feed reads a folder's journal in order, from its mark on.
type feed struct {
	folder *folder
	mark   *mark
	// end tells where what may be read ends.
	end    func() position
	report func(error)

	at      position
	scanner *scanner // of the segment at hand; nil if it is not open
	file    *os.File // its file; nil if there is none to read
	records []Record // the batch before, whose room the next one takes

	mu     sync.Mutex
	marked position // what has been stored
}

// feed opens the folder's journal behind what has been stored of it.
func (f *folder) feed(end func() position, report func(error)) (*feed, error) {
	m, at, err := f.mark()
	if err != nil {
		return nil, err
	}
	segments, err := f.segments()
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	if len(segments) > 0 && at.segment < segments[0].number {
		at = position{segment: segments[0].number}
	}
	return &feed{folder: f, mark: m, end: end, report: report, at: at, marked: at}, nil
}

// next gives the payload of the next frame, which is valid until the call after, or io.EOF
// where there is none by now.
func (f *feed) next() ([]byte, error) {
	for {
		if f.scanner != nil {
			payload, err := f.scanner.next()
			f.at.offset = f.scanner.at
			if err != io.EOF {
				return payload, err
			}
		}
		if more, err := f.extend(); err != nil || !more {
			return nil, cmp.Or(err, io.EOF)
		}
	}
}

// extend lets more be read, of the segment at hand or else of the next one, and reports
// whether there is more.
func (f *feed) extend() (bool, error) {
	end := f.end()
	if !f.at.before(end) {
		return false, nil
	}
	if f.scanner == nil {
		if err := f.open(); err != nil {
			return false, err
		}
	}
	limit, err := f.size(end)
	if err != nil {
		return false, err
	}
	switch {
	case limit > f.scanner.limit:
		f.scanner.limit = limit
	case f.at.segment < end.segment:
		f.leave()
		f.at = position{segment: f.at.segment + 1}
	default:
		return false, nil
	}
	return true, nil
}

// size tells how much of the segment at hand is there by now: of the last one what has been
// written, of another all.
func (f *feed) size(end position) (int64, error) {
	if f.file == nil {
		return 0, nil
	}
	if f.at.segment == end.segment {
		return end.offset, nil
	}
	info, err := f.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// open opens the segment at hand. One that is not there, or is no segment, has no frames.
func (f *feed) open() error {
	path := f.folder.segmentPath(f.at.segment)
	scanner := &scanner{at: max(f.at.offset, int64(len(magic))), damaged: func(offset, bytes int64) {
		f.report(&DamageError{Segment: path, Offset: offset, Bytes: bytes})
	}}
	file, err := os.Open(path)
	if gone(err) {
		f.scanner = scanner
		return nil
	}
	if err != nil {
		return err
	}
	head := make([]byte, len(magic))
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return errors.Join(err, file.Close())
	}
	f.scanner = scanner
	if string(head) == magic {
		scanner.file, f.file = file, file
		return nil
	}
	if info, err := file.Stat(); n > 0 && err == nil {
		scanner.damaged(0, info.Size())
	}
	return file.Close()
}

// leave closes the segment at hand.
func (f *feed) leave() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
	}
	f.file, f.scanner = nil, nil
}

// mostBatchBytes bounds the size of a batch beside its number of records.
const mostBatchBytes = 4 << 20

// batch reads the next records, at most so many, and tells whether there may be more. They are
// valid until the batch after. Starts are passed over.
func (f *feed) batch(most int) (records []Record, more bool, err error) {
	records = f.records[:0]
	defer func() { f.records = records[:0] }()
	for bytes := 0; len(records) < most && bytes < mostBatchBytes; {
		payload, err := f.next()
		if err == io.EOF {
			return records, false, nil
		}
		if err != nil {
			return records[:0], false, err
		}
		if payload[0] != endKind {
			continue
		}
		bytes += len(payload)
		records = append(records, Record{})
		if err := records[len(records)-1].decode(payload); err != nil {
			records = records[:len(records)-1]
			f.report(&DamageError{Segment: f.folder.segmentPath(f.at.segment), Offset: f.at.offset - int64(len(payload)), Bytes: int64(len(payload))})
			continue
		}
	}
	return records, true, nil
}

// stored notes that what has been read has been stored. If the mark cannot be moved, this
// process knows, and another would store it again.
func (f *feed) stored() error {
	if f.at == f.marked {
		return nil
	}
	f.mu.Lock()
	f.marked = f.at
	f.mu.Unlock()
	return f.mark.move(f.at)
}

// toBegin goes to the first segment, whatever has been stored.
func (f *feed) toBegin() error {
	segments, err := f.folder.segments()
	if err == nil && len(segments) > 0 {
		f.leave()
		f.at = position{segment: segments[0].number}
	}
	return err
}

// isNew reports whether what was read last has not been stored.
func (f *feed) isNew() bool {
	return f.marked.before(f.at)
}

// place tells what has been stored; other goroutines may ask for it.
func (f *feed) place() position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.marked
}

// rewind goes back to what has not been stored.
func (f *feed) rewind() {
	f.leave()
	f.at = f.marked
}

// close lets go of the journal. What the mark did not take is only stored again.
func (f *feed) close() {
	f.leave()
	_ = f.mark.close()
}
