package ledger

import (
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
	file    *os.File // the segment at hand, nil if it is not open
	scanner *scanner

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
	end := f.end()
	for f.at.segment < end.segment || f.at.segment == end.segment && f.at.offset < end.offset {
		if err := f.enter(end); err != nil {
			return nil, err
		}
		payload, err := f.scanner.next()
		f.at.offset = f.scanner.at
		if err != io.EOF {
			return payload, err
		}
		if f.at.segment == end.segment {
			break
		}
		f.leave()
		f.at = position{segment: f.at.segment + 1}
	}
	return nil, io.EOF
}

// enter opens the segment at hand, and lets as much of it be read as is there.
func (f *feed) enter(end position) error {
	if f.file == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.at.segment == end.segment {
		f.scanner.limit = max(f.scanner.limit, end.offset)
	}
	return nil
}

// open opens the segment at hand. One that is not there, or is no segment, has no frames.
func (f *feed) open() error {
	path := f.folder.segmentPath(f.at.segment)
	f.scanner = &scanner{at: f.at.offset, damaged: func(offset, bytes int64) {
		f.report(&DamageError{Segment: path, Offset: offset, Bytes: bytes})
	}}
	file, err := os.Open(path)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	head := make([]byte, len(magic))
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return errors.Join(err, file.Close())
	}
	f.file, f.scanner.file = file, file
	if string(head) != magic {
		if n > 0 {
			f.scanner.damaged(0, info.Size())
		}
		f.scanner.at = info.Size()
	}
	f.scanner.at, f.scanner.limit = max(f.scanner.at, int64(len(magic))), info.Size()
	return nil
}

// leave closes the segment at hand.
func (f *feed) leave() {
	if f.file != nil {
		f.file.Close()
	}
	f.file, f.scanner = nil, nil
}

// mostBatchBytes bounds the size of a batch beside its number of records.
const mostBatchBytes = 4 << 20

// batch reads the next records, at most so many. Starts are passed over.
func (f *feed) batch(most int) (records []Record, err error) {
	for bytes := 0; len(records) < most && bytes < mostBatchBytes; {
		payload, err := f.next()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		if payload[0] != endKind {
			continue
		}
		bytes += len(payload)
		r, err := decodeEnd(payload)
		if err != nil {
			f.report(&DamageError{Segment: f.folder.segmentPath(f.at.segment), Offset: f.at.offset - int64(len(payload)), Bytes: int64(len(payload))})
			continue
		}
		records = append(records, *r)
	}
	return records, nil
}

// stored notes that what has been read has been stored.
func (f *feed) stored() error {
	if f.at == f.marked {
		return nil
	}
	if err := f.mark.move(f.at); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marked = f.at
	return nil
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
	return f.at.segment > f.marked.segment || f.at.segment == f.marked.segment && f.at.offset > f.marked.offset
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

func (f *feed) close() error {
	f.leave()
	return f.mark.close()
}
