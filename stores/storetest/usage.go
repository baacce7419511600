package storetest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// everything groups sums as finely as they are kept.
var everything = []ledger.Group{ledger.ByDay, ledger.ByTenant, ledger.ByKey, ledger.ByModel, ledger.ByProvider}

// sumsOf adds records up by the plainest means, as finely as sums are kept.
func sumsOf(records []ledger.Record) []ledger.Sum {
	groups := map[[5]string]*ledger.Sum{}
	for i := range records {
		r := &records[i]
		g := [5]string{r.Time.In(Location).Format("2006-01-02"), r.Tenant, r.Key, r.Model, r.Provider}
		s := groups[g]
		if s == nil {
			s = &ledger.Sum{Day: g[0], Tenant: g[1], Key: g[2], Model: g[3], Provider: g[4]}
			groups[g] = s
		}
		s.Requests++
		s.Attempts += int64(len(r.Attempts))
		s.Tokens.Add(&r.Tokens)
		s.Cost += r.Cost
		for _, c := range []struct {
			is    bool
			count *int64
		}{{r.End != ledger.Complete, &s.Failed}, {len(r.Attempts) == 0, &s.Uncalled}, {r.Unpriced, &s.Unpriced}, {r.Estimated, &s.Estimated}} {
			if c.is {
				*c.count++
			}
		}
	}
	var list []ledger.Sum
	for _, s := range groups {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b ledger.Sum) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Key, b.Key),
			strings.Compare(a.Model, b.Model), strings.Compare(a.Provider, b.Provider))
	})
	return list
}

func checkSums(t interface {
	Helper()
	Errorf(string, ...any)
}, got, want []ledger.Sum) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// usage shows the groups of sums, their order and their filters.
func usage(t *testing.T, open Open) {
	s := open(t)
	sums, err := s.Usage(t.Context(), ledger.Query{})
	check(t, err)
	if len(sums) > 0 {
		t.Errorf("of nothing the sums are %+v", sums)
	}
	var all []ledger.Record
	for i := range 16 {
		all = append(all, ledger.Record{
			ID: id(0, i), Time: now.Add(time.Duration(i%2) * 24 * time.Hour), Tenant: []string{"b", "B"}[i/2%2], Key: []string{"k", "ä"}[i/4%2], Model: []string{"m", "n"}[i/8],
			Provider: "p", End: []ledger.End{ledger.Complete, ledger.Refused}[i%2], Cost: prices.Amount(1) << i, Tokens: ledger.Tokens{Input: 1 << i}, Estimated: i == 3, Unpriced: i == 5,
			Attempts: make([]ledger.Attempt, i%3),
		})
	}
	check(t, s.Insert(t.Context(), all))
	sums, err = open(t).Usage(t.Context(), ledger.Query{By: everything})
	check(t, err)
	checkSums(t, sums, sumsOf(all))

	for _, c := range []struct {
		query ledger.Query
		want  string
	}{
		{ledger.Query{}, "[16 65535]"},
		{ledger.Query{By: []ledger.Group{ledger.ByTenant}}, "[B 8 52428][b 8 13107]"},
		{ledger.Query{By: []ledger.Group{ledger.ByTenant, ledger.ByTenant}}, "[B 8 52428][b 8 13107]"},
		{ledger.Query{By: []ledger.Group{ledger.ByKey, ledger.ByModel}}, "[k m 4 15][k n 4 3840][ä m 4 240][ä n 4 61440]"},
		{ledger.Query{Tenant: "b", Key: "k", Model: "m"}, "[2 3]"},
		{ledger.Query{Tenant: "x"}, ""},
		{ledger.Query{Tenant: "x", By: everything}, ""},
	} {
		sums, err := s.Usage(t.Context(), c.query)
		check(t, err)
		got := ""
		for _, sum := range sums {
			got += fmt.Sprint(strings.Fields(fmt.Sprint(sum.Day, " ", sum.Tenant, " ", sum.Key, " ", sum.Model, " ", sum.Provider, " ", sum.Requests, " ", int64(sum.Cost))))
		}
		if got != c.want {
			t.Errorf("%+v gives %s, not %s", c.query, got, c.want)
		}
	}
	if _, err := s.Usage(t.Context(), ledger.Query{By: []ledger.Group{"cost; --"}}); err == nil || !strings.HasPrefix(err.Error(), "by: ") {
		t.Errorf("an unknown group: %v", err)
	}
}

// usageByDays shows that days are those of the store's time zone, and which are in a span.
func usageByDays(t *testing.T, open Open) {
	s := open(t)
	midnight := time.Date(2026, 11, 27, 0, 0, 0, 0, Location)
	var all []ledger.Record
	for i, at := range []time.Time{midnight.Add(-24 * time.Hour), midnight.Add(-time.Microsecond), midnight, midnight.Add(24*time.Hour - time.Microsecond), midnight.Add(24 * time.Hour)} {
		all = append(all, ledger.Record{ID: id(0, i), Time: at.UTC()})
	}
	check(t, s.Insert(t.Context(), all))
	for _, c := range []struct {
		since, until time.Time
		want         string
	}{
		{time.Time{}, time.Time{}, "2026-11-26:2 2026-11-27:2 2026-11-28:1 "},
		{midnight, time.Time{}, "2026-11-27:2 2026-11-28:1 "},
		{midnight.Add(23 * time.Hour), time.Time{}, "2026-11-27:2 2026-11-28:1 "},
		{time.Time{}, midnight, "2026-11-26:2 "},
		{midnight.UTC(), midnight.Add(24 * time.Hour).UTC(), "2026-11-27:2 "},
	} {
		sums, err := s.Usage(t.Context(), ledger.Query{Since: c.since, Until: c.until, By: []ledger.Group{ledger.ByDay}})
		check(t, err)
		got := ""
		for _, sum := range sums {
			got += fmt.Sprintf("%s:%d ", sum.Day, sum.Requests)
		}
		if got != c.want {
			t.Errorf("from %s to %s: %s, not %s", c.since, c.until, got, c.want)
		}
	}
}

// recordsAgain shows that a record inserted again changes nothing, in the same batch or
// later, whatever it says.
func recordsAgain(t *testing.T, open Open) {
	s := open(t)
	first, second := fullRecord("a"), fullRecord("a")
	second.Cost, second.Tenant = 1, "other"
	lost := fullRecord("a")
	lost.End = ledger.Lost
	b := fullRecord("b")
	b.Cost = 5
	check(t, s.Insert(t.Context(), []ledger.Record{lost, first, lost, second}))
	check(t, s.Insert(t.Context(), []ledger.Record{second, b, lost}))
	check(t, s.Insert(t.Context(), []ledger.Record{second}))
	checkRecord(t, s, first)
	checkRecord(t, s, b)
	sums, err := s.Usage(t.Context(), ledger.Query{By: everything})
	check(t, err)
	checkSums(t, sums, sumsOf([]ledger.Record{first, b}))
}

// lostRecords shows that the account of a request takes the place of its loss, and the sums
// are right afterwards.
func lostRecords(t *testing.T, open Open) {
	s := open(t)
	lost, real := fullRecord("a"), fullRecord("a")
	lost.End, lost.Provider, lost.Time = ledger.Lost, "vertex", now.Add(-24*time.Hour)
	real.Cost, real.Tokens = 7, ledger.Tokens{Output: 1}
	check(t, s.Insert(t.Context(), []ledger.Record{lost}))
	checkRecord(t, s, lost)
	again := lost
	again.Cost = 8
	check(t, s.Insert(t.Context(), []ledger.Record{again}))
	checkRecord(t, s, lost)
	check(t, s.Insert(t.Context(), []ledger.Record{real}))
	check(t, s.Insert(t.Context(), []ledger.Record{lost, real}))
	checkRecord(t, s, real)
	sums, err := s.Usage(t.Context(), ledger.Query{By: everything})
	check(t, err)
	checkSums(t, sums, sumsOf([]ledger.Record{real}))
}

// largeBatches shows that a batch can have any size, and lost ones can be replaced in any
// number.
func largeBatches(t *testing.T, open Open) {
	s := open(t)
	all := make([]ledger.Record, 3000)
	for i := range all {
		all[i] = ledger.Record{ID: id(0, i), Time: now, Tenant: "acme", Model: fmt.Sprint("m", i), End: ledger.Lost, Cost: 3}
	}
	check(t, s.Insert(t.Context(), all))
	for i := range all {
		all[i].End, all[i].Cost = ledger.Complete, 1
	}
	check(t, s.Insert(t.Context(), all))
	sums, err := s.Usage(t.Context(), ledger.Query{})
	check(t, err)
	if len(sums) != 1 || sums[0].Requests != 3000 || sums[0].Cost != 3000 || sums[0].Failed != 0 {
		t.Errorf("the sums are %+v", sums)
	}
	page, _, err := s.Records(t.Context(), ledger.Filter{Limit: 5000})
	check(t, err)
	if len(page) != 1000 {
		t.Errorf("a page has %d records", len(page))
	}
}

var runs atomic.Int64

// sumsOfRecords shows that records in any order, in any batches and again are the same as
// each of them once, and that the sums are those of the records.
func sumsOfRecords(t *testing.T, open Open) {
	s := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		tenant := fmt.Sprint("tenant", runs.Add(1)) // each run has the store to itself
		all := rapid.SliceOfNDistinct(recordOf(tenant), 1, 12, func(r ledger.Record) string { return r.ID }).Draw(rt, "records")
		var queue []ledger.Record
		for _, r := range all {
			lost := r
			lost.End, lost.Provider, lost.Cost, lost.Estimated, lost.Time = ledger.Lost, "expected", r.Cost/2, true, r.Time.Add(-24*time.Hour)
			queue = append(queue, slices.Repeat([]ledger.Record{lost}, rapid.IntRange(0, 2).Draw(rt, "lost"))...)
			queue = append(queue, slices.Repeat([]ledger.Record{r}, rapid.IntRange(1, 2).Draw(rt, "times"))...)
		}
		queue = rapid.Permutation(queue).Draw(rt, "order")
		for len(queue) > 0 {
			n := rapid.IntRange(1, len(queue)).Draw(rt, "batch")
			if err := s.Insert(t.Context(), queue[:n]); err != nil {
				rt.Fatal(err)
			}
			queue = queue[n:]
		}
		got, _, err := s.Records(t.Context(), ledger.Filter{Tenant: tenant})
		if err != nil {
			rt.Fatal(err)
		}
		slices.SortFunc(all, func(a, b ledger.Record) int {
			return cmp.Or(b.Time.Compare(a.Time), strings.Compare(b.ID, a.ID))
		})
		if !reflect.DeepEqual(got, all) {
			rt.Errorf("got  %+v\nwant %+v", got, all)
		}
		sums, err := s.Usage(t.Context(), ledger.Query{Tenant: tenant, By: everything})
		if err != nil {
			rt.Fatal(err)
		}
		checkSums(rt, sums, sumsOf(all))
	})
}

func recordOf(tenant string) *rapid.Generator[ledger.Record] {
	return rapid.Custom(func(t *rapid.T) ledger.Record {
		count := rapid.Int64Range(0, 1<<40)
		r := ledger.Record{
			ID: fmt.Sprint(tenant, "-", rapid.IntRange(0, 999).Draw(t, "id")), Time: now.Add(time.Duration(rapid.IntRange(-48, 48).Draw(t, "hours")) * time.Hour),
			Tenant: tenant, Key: rapid.SampledFrom([]string{"", "k1", "k2"}).Draw(t, "key"), Model: rapid.SampledFrom([]string{"m", "模型"}).Draw(t, "model"),
			Provider: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "provider"), End: rapid.SampledFrom([]ledger.End{ledger.Complete, ledger.Refused}).Draw(t, "end"),
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "attempts") {
			r.Attempts = append(r.Attempts, ledger.Attempt{Number: i + 1, Cost: prices.Amount(count.Draw(t, "cost")), Estimated: rapid.Bool().Draw(t, "estimated"),
				Unpriced: rapid.Bool().Draw(t, "unpriced"),
				Tokens:   ledger.Tokens{Input: count.Draw(t, "input"), Output: count.Draw(t, "output"), CacheRead: count.Draw(t, "read"), ImageOutput: count.Draw(t, "image")}})
		}
		r.Sum()
		return r
	})
}

// batchesByMany shows that nodes that insert the same records at the same time, lost ones
// among them, insert each once.
func batchesByMany(t *testing.T, open Open) {
	const nodes, batches, size = 4, 8, 50
	var all []ledger.Record
	for i := range batches * size {
		all = append(all, ledger.Record{ID: id(0, i), Time: now, Tenant: "acme", Model: fmt.Sprint("m", i%7), End: ledger.Complete, Cost: prices.Amount(i)})
	}
	opened := make([]stores.Store, nodes)
	for n := range opened {
		opened[n] = open(t)
	}
	var group sync.WaitGroup
	for n, s := range opened {
		group.Go(func() {
			for b := range batches {
				at := (b + n*batches/nodes) % batches * size
				batch := slices.Clone(all[at : at+size])
				if n%2 == 1 {
					slices.Reverse(batch)
					for i := range batch {
						batch[i].End, batch[i].Cost = ledger.Lost, 1
					}
				}
				if err := s.Insert(t.Context(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	sums, err := opened[0].Usage(t.Context(), ledger.Query{By: everything})
	check(t, err)
	checkSums(t, sums, sumsOf(all))
	if got := pages(t, opened[0], ledger.Filter{Limit: 1000}, func() {}); len(got) != len(all) {
		t.Errorf("%d records are there, not %d", len(got), len(all))
	}
}
