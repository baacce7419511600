package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// rejects is a file of JSON lines with the records that the store has refused for good.
type rejects struct {
	path   string
	now    func() time.Time
	report func(error)

	mu    sync.Mutex
	count int64 // that were set aside
	lost  int64 // that could not even be
}

const (
	rejectsName = "rejected.jsonl"
	// mostRejects is the size at which the file takes the place of the one before it.
	mostRejects = 16 << 20
)

// rejected is one line of the file.
type rejected struct {
	Time   time.Time `json:"time"`
	Error  string    `json:"error"`
	Record *Record   `json:"record"`
}

// add sets a record aside and reports it.
func (r *rejects) add(record *Record, cause error) {
	r.mu.Lock()
	err := r.write(&rejected{Time: r.now().UTC(), Error: cause.Error(), Record: record})
	if err == nil {
		r.count++
	} else {
		r.lost++
	}
	r.mu.Unlock()
	if err != nil {
		r.report(fmt.Errorf("the ledger's store refuses record %q (%w), and it could not be set aside in %s: %w", record.ID, cause, r.path, err))
		return
	}
	r.report(fmt.Errorf("the ledger's store refuses record %q, which is set aside in %s: %w", record.ID, r.path, cause))
}

func (r *rejects) write(line *rejected) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if info, err := os.Stat(r.path); err == nil && info.Size() > mostRejects {
		if err := os.Rename(r.path, r.path+".old"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Close())
}

// counts tells how many records were set aside, and how many could not be.
func (r *rejects) counts() (count, lost int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count, r.lost
}
