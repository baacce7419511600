package ledger

import (
	"context"
	"errors"
	"time"
)

// errAway says that there is no store to insert into.
var errAway = errors.New("the ledger's store is not open")

// mostInsert bounds one call of the store.
const mostInsert = 30 * time.Second

// sink inserts records into the store, and sets aside those that it refuses for good. It is
// safe for concurrent use.
type sink struct {
	store   func() Store
	rejects *rejects
	state   *condition // of the store
}

// insert inserts records. If it returns an error none of them need be in the store, and all
// of them are to be inserted again later.
func (s *sink) insert(ctx context.Context, records []Record) error {
	store := s.store()
	if store == nil {
		return s.noted(ctx, errAway)
	}
	err := insertInto(ctx, store, records...)
	if err != nil && ctx.Err() == nil {
		if good := taken(ctx, store, records); good != nil {
			sieve := sieve{store: store, good: good}
			if err = sieve.sift(ctx, records, err); err == nil {
				s.rejects.add(sieve.refused)
			}
		}
	}
	return s.noted(ctx, err)
}

// noted notes what came of an insert. That the caller has ended it says nothing of the store.
func (s *sink) noted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		s.state.observe(err)
	}
	return err
}

func insertInto(ctx context.Context, store Store, records ...Record) error {
	ctx, cancel := context.WithTimeout(ctx, mostInsert)
	defer cancel()
	return store.Insert(ctx, records)
}

// mostProbes bounds the records that are tried where the store has none.
const mostProbes = 32

// taken gives a record that the store has, or takes just now; nil if it takes none at all.
// To insert it once more changes nothing.
func taken(ctx context.Context, store Store, records []Record) *Record {
	page, _, err := store.Records(ctx, Filter{Limit: 1})
	if err != nil {
		return nil
	}
	if len(page) == 0 {
		page = records[:min(len(records), mostProbes)]
	}
	for i := range page {
		if insertInto(ctx, store, page[i]) == nil {
			return &page[i]
		}
	}
	return nil
}

// sieve finds the records that a store refuses, which takes others.
type sieve struct {
	store   Store
	good    *Record // one that the store has
	refused []refusal
}

// refusal is a record that the store does not take, and why.
type refusal struct {
	record *Record
	cause  error
}

// sift inserts records that the store has refused together: by halves, down to the one that
// is to blame.
func (s *sieve) sift(ctx context.Context, records []Record, cause error) error {
	if len(records) == 1 {
		return s.judge(ctx, &records[0], cause)
	}
	half := len(records) / 2
	for _, part := range [][]Record{records[:half], records[half:]} {
		err := insertInto(ctx, s.store, part...)
		if err != nil {
			err = s.sift(ctx, part, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judge finds a record to be refused if the store refuses it and takes the good one, twice in turn:
// one that went away in the meantime is no reason to.
func (s *sieve) judge(ctx context.Context, r *Record, cause error) error {
	for range 2 {
		if err := insertInto(ctx, s.store, *s.good); err != nil {
			return err
		}
		if cause = insertInto(ctx, s.store, *r); cause == nil {
			return nil
		}
	}
	if err := insertInto(ctx, s.store, *s.good); err != nil {
		return err
	}
	s.refused = append(s.refused, refusal{r, cause})
	return nil
}
