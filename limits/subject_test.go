package limits_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

var (
	noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	utc  = limits.NewCalendar(time.UTC)
)

func TestMeters(t *testing.T) {
	subject := limits.Subject{
		Key: "k1", ModelPattern: "claude-*",
		KeyLimits:    limits.Set{RequestsPerMinute: 60, TokensPerMinute: limits.Unlimited, Concurrent: 4, BudgetPerMonth: 50 * prices.Dollar},
		TenantLimits: limits.Set{TokensPerDay: 500},
		ModelLimits:  limits.Set{OutputTokensPerMinute: 1000, Budget: 7},
	}
	bounds := subject.Bounds()
	got := bounds.Meters(&limits.Demand{Input: 400, Output: 300, Cost: 9}, noon, utc)
	tomorrow, december := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	want := []limits.Meter{
		{Key: "key/k1/rpm", Kind: limits.Rate, Measure: limits.Requests, Limit: 60, Period: time.Minute, Amount: 1},
		{Key: "key/k1/bpm", Kind: limits.Quota, Measure: limits.Money, Limit: 50_000_000_000, Window: "2026-11", Ends: december, Amount: 9},
		{Key: "key/k1/concurrent", Kind: limits.Slots, Measure: limits.Calls, Limit: 4, Amount: 1},
		{Key: "tenant/tpd", Kind: limits.Quota, Measure: limits.Tokens, Limit: 500, Window: "2026-11-26", Ends: tomorrow, Amount: 500},
		{Key: "model/claude-*/otpm", Kind: limits.Rate, Measure: limits.OutputTokens, Limit: 1000, Period: time.Minute, Amount: 300},
		{Key: "model/claude-*/budget", Kind: limits.Quota, Measure: limits.Money, Limit: 7, Window: "all", Amount: 7},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	if !bounds.CountsTokens() || !bounds.HasBudget() {
		t.Error("tokens and money are limited")
	}
	if got := limits.Actual(nil, got, 10, 20, 5); !slices.Equal(got, []int64{1, 5, 0, 30, 20, 5}) {
		t.Errorf("settled with %v", got)
	}
	if got := limits.Released(nil, got); !slices.Equal(got, make([]int64, 6)) {
		t.Errorf("released with %v", got)
	}
	says := []string{"requests per minute of this key (60)", "USD per month of this key (50)", "requests at once of this key (4)",
		"tokens per day of this tenant (500)", "output tokens per minute of this model (1000)", "USD in total of this model (0.000000007)"}
	what := []string{"requests", "budget", "concurrent", "tokens", "output_tokens", "budget"}
	scopes := []string{"key k1", "key k1", "key k1", "tenant ", "model claude-*", "model claude-*"}
	for i := range got {
		if scope, name := got[i].Scope(); scope+" "+name != scopes[i] {
			t.Errorf("%s is of %s %s", got[i].Key, scope, name)
		}
		if got[i].Says() != says[i] || got[i].What() != what[i] {
			t.Errorf("%s says %q of %s", got[i].Key, got[i].Says(), got[i].What())
		}
	}
}

func TestModelPatternWithSlashes(t *testing.T) {
	s := limits.Subject{ModelPattern: "openrouter/*", ModelLimits: limits.Set{TokensPerMinute: 5}}
	bounds := s.Bounds()
	m := bounds.Meters(&limits.Demand{}, noon, utc)
	if len(m) != 1 || m[0].Says() != "tokens per minute of this model (5)" {
		t.Errorf("meters are %+v", m)
	}
	if scope, name := m[0].Scope(); scope != limits.ScopeModel || name != "openrouter/*" {
		t.Errorf("it is of %s %s", scope, name)
	}
	if bounds.HasBudget() || !bounds.CountsTokens() {
		t.Error("tokens alone are limited")
	}
}

// What is reserved lies within the limit, keys are unique, and unlimited subjects cost nothing.
func TestMetersProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := limits.Subject{Key: "k", ModelPattern: "m", KeyLimits: sets(t, "key"), TenantLimits: sets(t, "tenant"), ModelLimits: sets(t, "model")}
		amounts := rapid.Int64Range(-5, 2*limits.MaxRate)
		d := limits.Demand{Input: amounts.Draw(t, "input"), Output: amounts.Draw(t, "output"), Cost: prices.Amount(amounts.Draw(t, "cost"))}
		keys := map[string]bool{}
		for _, m := range s.Bounds().Meters(&d, noon, utc) {
			if m.Amount < 0 || m.Amount > m.Limit || m.Limit <= 0 {
				t.Fatalf("%+v", m)
			}
			if keys[m.Key] || m.Kind == limits.Quota != (m.Window != "") || m.Kind == limits.Rate != (m.Period > 0) {
				t.Fatalf("%+v", m)
			}
			keys[m.Key] = true
		}
	})
}

func TestNothingLimitedAllocatesNothing(t *testing.T) {
	s := limits.Subject{Key: "k", KeyLimits: limits.Set{RequestsPerMinute: limits.Unlimited}}
	d, bounds := limits.Demand{Input: 5}, s.Bounds()
	if n := testing.AllocsPerRun(100, func() {
		if bounds.Meters(&d, noon, utc) != nil {
			t.Error("a meter")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Windows follow each other without a gap and without overlap, also where clocks are put
// forward or back at midnight.
func TestWindows(t *testing.T) {
	s := limits.Subject{TenantLimits: limits.Set{RequestsPerDay: 1, BudgetPerMonth: 1}}
	bounds := s.Bounds()
	for _, zone := range []string{"UTC", "America/New_York", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		remembering := limits.NewCalendar(loc)
		windows := func(now time.Time) []limits.Meter {
			fresh, got := bounds.Meters(&limits.Demand{}, now, limits.NewCalendar(loc)), bounds.Meters(&limits.Demand{}, now, remembering)
			if !reflect.DeepEqual(got, fresh) {
				t.Fatalf("%s at %v: a calendar that has been asked before has %v", zone, now, got)
			}
			return got
		}
		for now := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC); now.Year() < 2025; now = now.Add(19 * time.Hour) {
			for _, m := range windows(now) {
				i := 0
				if len(m.Window) == len("2006-01") {
					i = 1
				}
				if before := windows(m.Ends.Add(-1))[i]; !m.Ends.After(now) || before.Window != m.Window || !before.Ends.Equal(m.Ends) {
					t.Fatalf("%s at %v: %s ends at %v, and just before it %s is open until %v", zone, now, m.Window, m.Ends, before.Window, before.Ends)
				}
				if begin := m.Since(loc); begin.After(now) || windows(begin)[i].Window != m.Window || windows(begin.Add(-1))[i].Window == m.Window {
					t.Fatalf("%s at %v: %s begins at %v", zone, now, m.Window, begin)
				}
				if after := windows(m.Ends)[i]; after.Window <= m.Window {
					t.Fatalf("%s at %v: after %s, at %v, comes %s", zone, now, m.Window, m.Ends, after.Window)
				}
			}
		}
	}
}

func TestSinceForever(t *testing.T) {
	for _, window := range []string{"all", "", "a window of another kind"} {
		if m := (limits.Meter{Window: window}); !m.Since(time.UTC).IsZero() {
			t.Errorf("%q begins at %v", window, m.Since(time.UTC))
		}
	}
}

func TestStandings(t *testing.T) {
	s := limits.Subject{Key: "k", KeyLimits: limits.Set{RequestsPerMinute: 60, RequestsPerDay: 1000, OutputTokensPerMinute: 600, BudgetPerDay: 5, Concurrent: 2},
		TenantLimits: limits.Set{RequestsPerMinute: 100, TokensPerDay: 500}}
	m := s.Bounds().Meters(&limits.Demand{}, noon, utc)
	remaining := map[string]int64{"key/k/rpm": 45, "key/k/rpd": 800, "key/k/otpm": 0, "key/k/bpd": 1, "key/k/concurrent": 1, "tenant/rpm": 40, "tenant/tpd": 499}
	v := limits.Verdict{Refused: -1}
	for i := range m {
		v.Remaining = append(v.Remaining, remaining[m[i].Key])
	}
	want := []limits.Standing{
		{Measure: limits.Requests, Limit: 100, Remaining: 40, Reset: 36 * time.Second},
		{Measure: limits.Tokens, Limit: 500, Remaining: 499, Reset: 12 * time.Hour},
		{Measure: limits.OutputTokens, Limit: 600, Remaining: 0, Reset: time.Minute},
	}
	if got := limits.Standings(nil, m, &v, noon); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := limits.Standings(nil, m, &limits.Verdict{}, noon); got != nil {
		t.Errorf("of nothing known: %+v", got)
	}
}

func BenchmarkMeters(b *testing.B) {
	s := limits.Subject{Key: "k_7f3a", ModelPattern: "claude-*",
		KeyLimits:    limits.Set{RequestsPerMinute: 60, TokensPerDay: 5000, Concurrent: 5},
		TenantLimits: limits.Set{TokensPerMinute: 100000, BudgetPerMonth: 1e12}, ModelLimits: limits.Set{TokensPerMinute: 5000}}
	d := limits.Demand{Input: 100, Output: 100, Cost: 5}
	bounds := s.Bounds()
	b.ReportAllocs()
	for b.Loop() {
		bounds.Meters(&d, noon, utc)
	}
}
