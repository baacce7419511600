package ledger

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
)

// storeDead brings what dead processes have left into the store, and looks for more of them
// from time to time.
func (l *Ledger) storeDead(ctx context.Context, dead []*folder) {
	for {
		for _, f := range dead {
			if err := l.take(ctx, f); err != nil && ctx.Err() == nil {
				l.o.OnError(err)
			}
		}
		if !sleep(ctx, l.o.look) {
			return
		}
		var err error
		dead, err = claimDead(l.o.Dir)
		l.files.observe(err)
		for _, f := range dead {
			l.adopting.Add(1)
			l.journal.adopt(f.bytes())
		}
	}
}

// take stores what is in the folder of a dead process, and removes it. The requests that
// were under way are told to OnLost, even if the store is away.
func (l *Ledger) take(ctx context.Context, f *folder) (err error) {
	bytes := f.bytes()
	defer func() {
		err = errors.Join(err, f.unlock())
		l.journal.adopt(-bytes)
		l.adopting.Add(-1)
		l.progress.raise()
	}()
	found, err := f.survey(l.o.OnError)
	if err != nil {
		return err
	}
	left := int64(found.records + len(found.lost))
	l.backlog.Add(left)
	stored := func(n int) {
		left -= int64(n)
		l.backlog.Add(-int64(n))
	}
	defer func() { l.backlog.Add(-left) }()
	for i := range found.lost {
		l.o.OnLost(&found.lost[i])
	}
	if err := l.storeFolder(ctx, f, found.lost, stored); err != nil {
		return err
	}
	return f.remove()
}

// storeFolder stores the records of a folder, and then those of the requests that were lost.
func (l *Ledger) storeFolder(ctx context.Context, f *folder, lost []Record, stored func(n int)) error {
	end := f.end()
	feed, err := f.feed(func() position { return end }, func(error) {})
	if err != nil {
		return err
	}
	defer feed.close()
	if !l.drain(ctx, feed, stored) {
		return ctx.Err()
	}
	for len(lost) > 0 {
		n := min(len(lost), l.o.Batch)
		if !l.persevere(ctx, func() error { return l.sink.insert(ctx, lost[:n]) }) {
			return ctx.Err()
		}
		stored(n)
		lost = lost[n:]
	}
	return nil
}

// findings are what a survey of a folder finds.
type findings struct {
	records int      // that are not yet stored
	lost    []Record // of the requests that were under way
}

// survey reads a folder's journal from its first segment on. Damage is told to report.
func (f *folder) survey(report func(error)) (*findings, error) {
	end := f.end()
	feed, err := f.feed(func() position { return end }, report)
	if err != nil {
		return nil, err
	}
	defer feed.close()
	if err := feed.toBegin(); err != nil {
		return nil, err
	}
	found, open := &findings{}, openRequests{}
	for {
		payload, err := feed.next()
		if err == io.EOF {
			found.lost = open.lost()
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		switch payload[0] {
		case startKind:
			if s, err := decodeStart(payload); err == nil {
				open.start(s)
			}
		case endKind:
			if r, err := decodeEnd(payload); err == nil {
				delete(open, r.ID)
				if feed.isNew() {
					found.records++
				}
			}
		}
	}
}

// openRequests are the starts of those whose end has not come, by their id.
type openRequests map[string][]*Start

// start notes a call for a request. One that has been carried over comes twice.
func (o openRequests) start(s *Start) {
	same := func(other *Start) bool { return other.Attempt.Number == s.Attempt.Number }
	if !slices.ContainsFunc(o[s.ID], same) {
		o[s.ID] = append(o[s.ID], s)
	}
}

// lost gives the records of the requests, in the order in which they came.
func (o openRequests) lost() []Record {
	list := make([]Record, 0, len(o))
	for _, starts := range o {
		list = append(list, lost(starts))
	}
	slices.SortFunc(list, func(a, b Record) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID))
	})
	return list
}
