package storetest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func fullRecord(id string) ledger.Record {
	return ledger.Record{
		ID: id, Time: now, Tenant: "acme", Key: "k1", Endpoint: "generate", Dialect: "messages", Model: "claude-sonnet-4.5", Session: "会话",
		Stream: true, Status: 200, End: ledger.UpstreamBroken, Error: "overloaded", Route: "r2", Provider: "openrouter", Upstream: "anthropic/claude-sonnet-4.5",
		Tokens: ledger.Tokens{Input: 1, CacheRead: 2, CacheWrite5m: 3, CacheWrite1h: 4, Output: 5, Reasoning: 6, AudioInput: 7, ImageInput: 8, AudioOutput: 9, ImageOutput: 1 << 60},
		Cost:   1<<62 + 1, Estimated: true, Unpriced: true, Replayed: true, Latency: 1234, FirstToken: 56, Losses: "thinking,seed",
		Attempts: []ledger.Attempt{
			{Number: 1, Route: "r1", Provider: "vertex", Upstream: "m", Status: 529, End: ledger.Refused, Error: "overloaded", Latency: 3},
			{Number: 2, Route: "r2", Provider: "openrouter", Upstream: "m", Dialect: "chat", UpstreamID: "gen-1", Status: 200, End: ledger.Complete,
				Tokens: ledger.Tokens{Input: 1, Output: 5}, Estimated: true, Raw: `{"cost":1e-7,"x":"\u0000<&>"}`, Images: 7, OutputImages: 8, Cost: 1<<62 + 1, Unpriced: true,
				Priced: 3, Price: "v1", Reported: "0.0000001", Start: 4, Latency: 1200, Hedged: true},
		},
	}
}

// records shows that a record comes back as it was given, to its tenant and to nobody else.
func records(t *testing.T, open Open) {
	s := open(t)
	full, empty := fullRecord("full"), ledger.Record{ID: "empty", Time: now.Add(-time.Hour)}
	check(t, s.Insert(t.Context(), nil))
	check(t, s.Insert(t.Context(), []ledger.Record{full, empty}))
	other := open(t)
	checkRecord(t, other, full)
	checkRecord(t, other, empty)
	page, next, err := other.Records(t.Context(), ledger.Filter{})
	check(t, err)
	if !reflect.DeepEqual(page, []ledger.Record{full, empty}) || next != "" {
		t.Errorf("the page is %+v, and then %q", page, next)
	}
	for _, c := range [][2]string{{"", "none"}, {"other", "full"}, {"acme", "empty"}, {"", "full\x00"}, {"acme\x00", "full"}} {
		got, err := s.Record(t.Context(), c[0], c[1])
		check(t, err)
		if got != nil {
			t.Errorf("the tenant %q has %q", c[0], c[1])
		}
	}
	got, err := s.Record(t.Context(), "acme", "full")
	check(t, err)
	if got == nil {
		t.Error("the tenant has not got its record")
	}
}

func checkRecord(t *testing.T, s stores.Store, want ledger.Record) {
	t.Helper()
	got, err := s.Record(t.Context(), "", want.ID)
	check(t, err)
	if got == nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// times shows that times are kept to the microsecond, in UTC, whatever zone they came in.
func times(t *testing.T, open Open) {
	s := open(t)
	zone := time.FixedZone("", -5*60*60)
	for i, given := range []time.Time{now, now.In(zone), now.Add(999 * time.Nanosecond), time.Date(1969, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, zone)} {
		r := ledger.Record{ID: id(0, i), Time: given}
		check(t, s.Insert(t.Context(), []ledger.Record{r}))
		r.Time = given.UTC().Truncate(time.Microsecond)
		checkRecord(t, s, r)
	}
}

// strangeRecords shows that whatever clients say of themselves can be kept.
func strangeRecords(t *testing.T, open Open) {
	s := open(t)
	long := strings.Repeat("ü", 5000)
	r := ledger.Record{ID: "a", Time: now, Tenant: "acme", Model: "a\x00b\xffc", Session: long, Provider: long, Key: long, Losses: strings.Repeat("l", 5000),
		End: "\x00", Error: "'; DROP TABLE xjp_requests; --", Attempts: []ledger.Attempt{{Number: 1, Raw: "\x00\xff", Error: long}}}
	check(t, s.Insert(t.Context(), []ledger.Record{r}))
	got, err := s.Record(t.Context(), "acme", "a")
	check(t, err)
	if got.Model != "abc" || got.End != "" || got.Error != r.Error || got.Losses != r.Losses || got.Attempts[0].Error != long {
		t.Errorf("it came back as %+v", got)
	}
	for name, text := range map[string]string{"session": got.Session, "provider": got.Provider, "key": got.Key} {
		if len(text) < 100 || !strings.HasPrefix(long, text) {
			t.Errorf("the %s came back as %q", name, text)
		}
	}
	sums, err := s.Usage(t.Context(), ledger.Query{By: []ledger.Group{ledger.ByModel}})
	check(t, err)
	if len(sums) != 1 || sums[0].Model != "abc" {
		t.Errorf("the sums are %+v", sums)
	}
	for _, id := range []string{"", "a\x00", "\xff", long} {
		if s.Insert(t.Context(), []ledger.Record{{ID: id, Time: now}}) == nil {
			t.Errorf("the id %.10q was taken", id)
		}
	}
}

// recordPages shows that pages follow one another without gap or overlap, also where times
// are the same and where records come in between.
func recordPages(t *testing.T, open Open) {
	s := open(t)
	var all []ledger.Record
	for i := range 25 {
		all = append(all, ledger.Record{ID: id(0, i*7%25), Time: now.Add(time.Duration(i/4) * time.Microsecond)})
	}
	check(t, s.Insert(t.Context(), all))
	slices.SortFunc(all, func(a, b ledger.Record) int {
		if c := b.Time.Compare(a.Time); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	for _, limit := range []int{1, 4, 24, 25, 26, 0} {
		got := pages(t, s, ledger.Filter{Limit: limit}, func() {
			check(t, s.Insert(t.Context(), []ledger.Record{{ID: fmt.Sprintf("z%d", limit), Time: now.Add(time.Hour)}}))
		})
		got = slices.DeleteFunc(got, func(r ledger.Record) bool { return r.ID[0] == 'z' })
		if !reflect.DeepEqual(got, all) {
			t.Errorf("pages of %d give %d records out of order: %v", limit, len(got), got)
		}
	}
	for _, after := range []string{"nonsense", "!", "AAAA"} {
		if _, _, err := s.Records(t.Context(), ledger.Filter{After: after}); err == nil || !strings.HasPrefix(err.Error(), "after: ") {
			t.Errorf("after %q: %v", after, err)
		}
	}
}

func pages(t *testing.T, s stores.Store, f ledger.Filter, between func()) []ledger.Record {
	t.Helper()
	var got []ledger.Record
	for {
		page, next, err := s.Records(t.Context(), f)
		check(t, err)
		got = append(got, page...)
		if f.After = next; next == "" {
			return got
		}
		if len(page) == 0 || f.Limit > 0 && len(page) != f.Limit || len(got) > 1000 {
			t.Fatalf("a page of %d has %d records and is not the last after %d", f.Limit, len(page), len(got))
		}
		between()
	}
}

// recordFilters shows that each field of a filter chooses, and all together.
func recordFilters(t *testing.T, open Open) {
	s := open(t)
	a := fullRecord("a")
	b := ledger.Record{ID: "b", Time: now.Add(time.Second), Tenant: "beta", Key: "k2", Model: "gpt", Provider: "openai", Session: "s", End: ledger.Complete}
	check(t, s.Insert(t.Context(), []ledger.Record{a, b}))
	for f, want := range map[ledger.Filter]string{
		{}:                             "ba",
		{Tenant: "acme"}:               "a",
		{Key: "k2"}:                    "b",
		{Model: "gpt"}:                 "b",
		{Provider: "openrouter"}:       "a",
		{Session: "会话"}:                "a",
		{End: ledger.Complete}:         "b",
		{Since: b.Time}:                "b",
		{Until: b.Time}:                "a",
		{Since: a.Time, Until: b.Time}: "a",
		{Tenant: "acme", Key: "k2"}:    "",
		{Model: "%"}:                   "",
		{Model: "gpt\x00"}:             "",
		{Tenant: "beta", Key: "k2", Model: "gpt", Provider: "openai", Session: "s", End: ledger.Complete, Since: a.Time, Until: b.Time.Add(1000), Limit: 1}: "b",
	} {
		got := ""
		for _, r := range pages(t, s, f, func() {}) {
			got += r.ID
		}
		if got != want {
			t.Errorf("%+v gives %q, not %q", f, got, want)
		}
	}
}

// manyRecords shows that pages are right whatever has been inserted together, replaced and
// deleted before: they are those of the plainest means.
func manyRecords(t *testing.T, open Open) {
	s := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		name := fmt.Sprint("many", runs.Add(1))
		for pruned := 1; pruned > 0; { // what a run before has left
			var err error
			pruned, err = s.Prune(t.Context(), now.Add(48*time.Hour), 1000)
			check(t, err)
		}
		text := func(label, of string) string {
			return fmt.Sprint(label, rapid.IntRange(0, 2).Draw(rt, of))
		}
		var all []ledger.Record
		for i := range rapid.IntRange(1, 60).Draw(rt, "records") {
			all = append(all, ledger.Record{
				ID: fmt.Sprintf("%s-%03d", name, rapid.IntRange(0, 9).Draw(rt, "id")*100+i), Time: now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(rt, "time")) * time.Minute),
				Tenant: text("t", "tenant"), Key: text("k", "key"), Model: name, Session: text("s", "session"), End: rapid.SampledFrom([]ledger.End{ledger.Complete, ledger.Lost}).Draw(rt, "end"),
			})
		}
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
			check(t, s.Insert(t.Context(), rest[:n]))
			rest = rest[n:]
		}
		for i := range all {
			if all[i].End == ledger.Lost && rapid.Bool().Draw(rt, "found") {
				all[i].End, all[i].Tenant, all[i].Time = ledger.Refused, text("t", "tenant"), all[i].Time.Add(time.Hour)
				check(t, s.Insert(t.Context(), all[i:i+1]))
			}
		}
		slices.SortFunc(all, func(a, b ledger.Record) int {
			return cmp.Or(b.Time.Compare(a.Time), strings.Compare(b.ID, a.ID))
		})
		for range 5 {
			some := func(text string) string { return rapid.SampledFrom([]string{"", text}).Draw(rt, "some") }
			f := ledger.Filter{Model: name, Tenant: some("t1"), Key: some("k1"), Session: some("s1"), Limit: rapid.IntRange(1, 40).Draw(rt, "limit")}
			if rapid.Bool().Draw(rt, "span") {
				f.Since = now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(rt, "since")) * time.Minute)
				f.Until = f.Since.Add(time.Duration(rapid.IntRange(0, 30).Draw(rt, "until")) * time.Minute)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(r ledger.Record) bool {
				return f.Tenant != "" && r.Tenant != f.Tenant || f.Key != "" && r.Key != f.Key || f.Session != "" && r.Session != f.Session ||
					!f.Since.IsZero() && (r.Time.Before(f.Since) || !r.Time.Before(f.Until))
			})
			if got := pages(t, s, f, func() {}); !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
				rt.Fatalf("%+v gives %s, not %s", f, idsOf(got), idsOf(want))
			}
		}
		end := now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(rt, "pruned")) * time.Minute)
		left := slices.DeleteFunc(slices.Clone(all), func(r ledger.Record) bool { return r.Time.Before(end) })
		sum := 0
		for pruned := 1; pruned > 0; sum += pruned {
			most := rapid.IntRange(1, 30).Draw(rt, "most")
			var err error
			if pruned, err = s.Prune(t.Context(), end, most); err != nil || pruned > most {
				rt.Fatalf("%d were deleted of at most %d: %v", pruned, most, err)
			}
		}
		if got := pages(t, s, ledger.Filter{Limit: 100}, func() {}); !reflect.DeepEqual(got, left) && len(got)+len(left) > 0 || sum != len(all)-len(left) {
			rt.Fatalf("%d of %d were deleted; left are %s, not %s", sum, len(all), idsOf(got), idsOf(left))
		}
	})
}

func idsOf(records []ledger.Record) (ids []string) {
	for i := range records {
		ids = append(ids, records[i].ID)
	}
	return ids
}

// tenantsApart shows that what one tenant asks for tells nothing of another.
func tenantsApart(t *testing.T, open Open) {
	s := open(t)
	for i := range 10 {
		check(t, s.Insert(t.Context(), []ledger.Record{
			{ID: "a" + id(0, i), Time: now, Tenant: "acme", Key: "k", Model: "m", Cost: 1, End: ledger.Complete},
			{ID: "b" + id(0, i), Time: now, Tenant: "beta", Key: "k", Model: "m", Cost: 100, End: ledger.Complete},
		}))
	}
	cursor := ""
	for _, tenant := range []string{"beta", "acme"} {
		page, next, err := s.Records(t.Context(), ledger.Filter{Tenant: tenant, Limit: 3, After: cursor})
		check(t, err)
		cursor = next // one tenant's cursor in the hands of the other
		for i := range page {
			if page[i].Tenant != tenant {
				t.Errorf("%s was told of %s", tenant, page[i].ID)
			}
		}
	}
	sums, err := s.Usage(t.Context(), ledger.Query{Tenant: "acme", Key: "k", Model: "m", By: []ledger.Group{ledger.ByTenant}})
	check(t, err)
	if len(sums) != 1 || sums[0].Tenant != "acme" || sums[0].Cost != 10 {
		t.Errorf("acme's sums are %+v", sums)
	}
}

// prunedRecords shows that old records go, some at once, and that the sums stay.
func prunedRecords(t *testing.T, open Open) {
	s := open(t)
	var all []ledger.Record
	for i := range 10 {
		all = append(all, ledger.Record{ID: id(0, i), Time: now.Add(time.Duration(i) * time.Second), Tenant: "acme", Cost: 1})
	}
	check(t, s.Insert(t.Context(), all))
	for _, want := range []int{4, 3, 0} {
		n, err := s.Prune(t.Context(), now.Add(7*time.Second), 4)
		check(t, err)
		if n != want {
			t.Errorf("%d were deleted, not %d", n, want)
		}
	}
	left := pages(t, s, ledger.Filter{}, func() {})
	if len(left) != 3 || left[2].ID != id(0, 7) {
		t.Errorf("left are %+v", left)
	}
	sums, err := s.Usage(t.Context(), ledger.Query{})
	check(t, err)
	if len(sums) != 1 || sums[0].Requests != 10 || sums[0].Cost != 10 {
		t.Errorf("the sums are %+v", sums)
	}
}
