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

// add sets records aside and reports them.
func (r *rejects) add(list []refusal) {
	for _, refused := range list {
		id, cause := refused.record.ID, refused.cause
		if err := r.keep(refused); err != nil {
			r.report(fmt.Errorf("the ledger's store refuses record %q (%w), and it could not be set aside in %s: %w", id, cause, r.path, err))
		} else {
			r.report(fmt.Errorf("the ledger's store refuses record %q, which is set aside in %s: %w", id, r.path, cause))
		}
	}
}

// keep counts a record and writes it to the file.
func (r *rejects) keep(refused refusal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.write(&rejected{Time: r.now().UTC(), Error: refused.cause.Error(), Record: refused.record})
	if err == nil {
		r.count++
	} else {
		r.lost++
	}
	return err
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
