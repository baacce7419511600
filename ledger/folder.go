package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// folder is the journal of one process: segment files and a mark. It belongs to who holds
// the lock beside it, until that closes it or dies.
type folder struct {
	path string
	lock *os.File
}

const (
	lockSuffix    = ".lock"
	segmentSuffix = ".journal"
	markName      = "mark"
	reserveName   = "reserve"
)

// magic begins each segment; its last character is the version of the form.
const magic = "XJPLDGR1"

// position is a place in a journal.
type position struct {
	segment uint64
	offset  int64
}

// before reports whether a place comes before another.
func (p position) before(o position) bool {
	return p.segment < o.segment || p.segment == o.segment && p.offset < o.offset
}

// claim locks an empty folder for this process, and those that dead processes have left.
func claim(dir string) (own *folder, dead []*folder, err error) {
	numbers, err := folderNumbers(dir)
	if err != nil {
		return nil, nil, err
	}
	for n := 1; own == nil || len(numbers) > 0 && n <= numbers[len(numbers)-1]; n++ {
		f, err := lockFolder(dir, n)
		switch {
		case err != nil:
			return nil, nil, errors.Join(err, own.unlock(), unlockAll(dead))
		case f == nil: // another process lives there
		case f.holdsRecords():
			dead = append(dead, f)
		case own == nil:
			own = f
		default:
			err = f.unlock()
		}
		if err != nil {
			return nil, nil, errors.Join(err, own.unlock(), unlockAll(dead))
		}
	}
	return own, dead, nil
}

// claimDead locks the folders that dead processes have left.
func claimDead(dir string) (dead []*folder, err error) {
	numbers, err := folderNumbers(dir)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		f, err := lockFolder(dir, n)
		switch {
		case err != nil:
			return dead, err
		case f == nil:
		case f.holdsRecords():
			dead = append(dead, f)
		default:
			if err := f.unlock(); err != nil {
				return dead, err
			}
		}
	}
	return dead, nil
}

// folderNumbers gives the numbers of the folders that there are, in order.
func folderNumbers(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), lockSuffix)); err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

// lockFolder locks a folder, which need not be there; nil is one that is locked already.
func lockFolder(dir string, n int) (*folder, error) {
	path := filepath.Join(dir, strconv.Itoa(n))
	// The lock's file is never removed: a new one would not exclude who holds the old one.
	lock, err := os.OpenFile(path+lockSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	locked, err := tryLock(lock)
	if err != nil || !locked {
		return nil, errors.Join(err, lock.Close())
	}
	return &folder{path: path, lock: lock}, nil
}

// unlock lets others have the folder. That of nil does nothing.
func (f *folder) unlock() error {
	if f == nil {
		return nil
	}
	return f.lock.Close()
}

func unlockAll(list []*folder) error {
	var errs []error
	for _, f := range list {
		errs = append(errs, f.unlock())
	}
	return errors.Join(errs...)
}

// holdsRecords reports whether there are segments in the folder.
func (f *folder) holdsRecords() bool {
	segments, err := f.segments()
	return err == nil && len(segments) > 0
}

// segment is a file of a journal.
type segment struct {
	number uint64
	size   int64
}

// segments gives the folder's segments in order.
func (f *folder) segments() ([]segment, error) {
	entries, err := os.ReadDir(f.path)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []segment
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), segmentSuffix)
		n, err := strconv.ParseUint(name, 10, 64)
		if !is || err != nil {
			continue
		}
		info, err := e.Info()
		if gone(err) {
			continue // one that is stored was removed beside us
		}
		if err != nil {
			return nil, err
		}
		list = append(list, segment{number: n, size: info.Size()})
	}
	slices.SortFunc(list, func(a, b segment) int { return int(int64(a.number - b.number)) })
	return list, nil
}

// bytes is the size of the folder's segments.
func (f *folder) bytes() (n int64) {
	segments, _ := f.segments()
	for _, s := range segments {
		n += s.size
	}
	return n
}

// end is the place behind the last segment.
func (f *folder) end() position {
	segments, _ := f.segments()
	if len(segments) == 0 {
		return position{}
	}
	last := segments[len(segments)-1]
	return position{segment: last.number, offset: last.size}
}

func (f *folder) segmentPath(n uint64) string {
	return filepath.Join(f.path, fmt.Sprintf("%012d%s", n, segmentSuffix))
}

// remove deletes what is in the folder, the first segments first: what is left of it after
// a crash is a journal still.
func (f *folder) remove() error {
	segments, err := f.segments()
	if err != nil {
		return err
	}
	for _, s := range segments {
		if err := os.Remove(f.segmentPath(s.number)); err != nil {
			return err
		}
	}
	return os.RemoveAll(f.path)
}

// mark is where a journal has been stored up to. One that is behind the truth, or cannot be
// read, only has records inserted twice, which changes nothing; so it is written in place.
type mark struct{ file *os.File }

const markSize = 20

func (f *folder) mark() (*mark, position, error) {
	file, err := os.OpenFile(filepath.Join(f.path, markName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, position{}, err
	}
	m, buf := &mark{file}, make([]byte, markSize)
	if _, err := file.ReadAt(buf, 0); err != nil || binary.LittleEndian.Uint32(buf[16:]) != crc32.Checksum(buf[:16], castagnoli) {
		// It takes its room now, when there may be some.
		_ = m.move(position{})
		return m, position{}, nil
	}
	return m, position{
		segment: binary.LittleEndian.Uint64(buf),
		offset:  int64(binary.LittleEndian.Uint64(buf[8:])),
	}, nil
}

// move notes how far the journal has been stored.
func (m *mark) move(to position) error {
	buf := make([]byte, 0, markSize)
	buf = binary.LittleEndian.AppendUint64(buf, to.segment)
	buf = binary.LittleEndian.AppendUint64(buf, uint64(to.offset))
	buf = binary.LittleEndian.AppendUint32(buf, crc32.Checksum(buf, castagnoli))
	_, err := m.file.WriteAt(buf, 0)
	return err
}

func (m *mark) close() error { return m.file.Close() }

// gone reports whether an error says that a file is not there.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// reserve keeps some of the disk for what must be written before a segment can go, which is
// where room comes from when the journal itself has filled the disk. Less is better than none.
func (f *folder) reserve(segment int64) {
	if _, err := os.Stat(f.reservePath()); gone(err) {
		_ = os.WriteFile(f.reservePath(), make([]byte, min(segment, mostCarried)), 0o600)
	}
}

func (f *folder) reservePath() string { return filepath.Join(f.path, reserveName) }

// reset empties the folder for a new journal. That the old mark is gone is made sure of,
// since it would tell of a new record that it has been stored.
func (f *folder) reset() error {
	if err := f.remove(); err != nil {
		return err
	}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(f.path)), syncDir(f.path))
}
