package storetest

import (
	"sync"
	"testing"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// untoldRecord is a request whose second attempt broke off before its provider told what it
// used, and that attempt as the provider tells of it later.
func untoldRecord(id string) (r ledger.Record, told ledger.Attempt) {
	r = fullRecord(id)
	r.Attempts[1].Raw, r.Attempts[1].Reported = "", ""
	r.Attempts[1].Cost, r.Attempts[1].Unpriced = 900, true
	r.Sum()
	told = r.Attempts[1]
	told.Tokens, told.Estimated, told.Raw = ledger.Tokens{Input: 70, CacheRead: 3, Output: 9, Reasoning: 2}, false, `{"total_cost":0.0000005}`
	told.Cost, told.Reported, told.Unpriced = 500, "0.0000005", false
	return r, told
}

// amended is the record with the attempt that was told late.
func amended(r ledger.Record, told ledger.Attempt) ledger.Record {
	r.Attempts = []ledger.Attempt{r.Attempts[0], told}
	r.Sum()
	return r
}

// lateAttempts shows that an attempt that is told late takes the place of its estimate once,
// and that all sums are right afterwards.
func lateAttempts(t *testing.T, open Open) {
	s := open(t)
	r, told := untoldRecord("a")
	other, _ := untoldRecord("b")
	_, err := s.Amend(t.Context(), "a", &told)
	checkIs(t, err, ledger.ErrNoRecord)
	_, err = s.Amend(t.Context(), "\xff", &told)
	checkIs(t, err, ledger.ErrNoRecord)
	check(t, s.Insert(t.Context(), []ledger.Record{r, other}))

	first := told
	first.Number = 1 // which its provider refused
	if replaced, err := s.Amend(t.Context(), "a", &first); err != nil || replaced != nil {
		t.Errorf("an attempt that was told is replaced: %+v, %v", replaced, err)
	}
	replaced, err := s.Amend(t.Context(), "a", &told)
	if err != nil || replaced == nil || *replaced != r.Attempts[1] {
		t.Errorf("replaced is %+v, %v", replaced, err)
	}
	again := told
	again.Cost = 7
	if replaced, err := s.Amend(t.Context(), "a", &again); err != nil || replaced != nil {
		t.Errorf("told twice: %+v, %v", replaced, err)
	}
	check(t, s.Insert(t.Context(), []ledger.Record{r})) // a journal may send it again
	want := amended(r, told)
	checkRecord(t, open(t), want)
	checkRecord(t, s, other)
	sums, err := s.Usage(t.Context(), ledger.Query{By: everything})
	check(t, err)
	checkSums(t, sums, sumsOf([]ledger.Record{want, other}))
}

// lateAttemptsByMany shows that of several nodes that are told of the same attempt one amends
// the record.
func lateAttemptsByMany(t *testing.T, open Open) {
	first, second := open(t), open(t)
	var records, want []ledger.Record
	var attempts []ledger.Attempt
	for i := range 20 {
		r, told := untoldRecord(id(0, i))
		records, want, attempts = append(records, r), append(want, amended(r, told)), append(attempts, told)
	}
	check(t, first.Insert(t.Context(), records))
	var nodes sync.WaitGroup
	counts := make([]int, 4)
	for node := range counts {
		nodes.Go(func() {
			s := first
			if node%2 == 1 {
				s = second
			}
			for i := range records {
				replaced, err := s.Amend(t.Context(), records[i].ID, &attempts[i])
				if err != nil {
					t.Errorf("node %d: %v", node, err)
				}
				if replaced != nil {
					counts[node]++
				}
			}
		})
	}
	nodes.Wait()
	if sum := counts[0] + counts[1] + counts[2] + counts[3]; sum != len(records) {
		t.Errorf("%v amendments of %d records", counts, len(records))
	}
	sums, err := first.Usage(t.Context(), ledger.Query{By: everything})
	check(t, err)
	checkSums(t, sums, sumsOf(want))
}
