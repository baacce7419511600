package limits

import (
	"testing"
	"time"
)

// TestMeterParts takes the meters of a subject apart, as who restores their counts does.
func TestMeterParts(t *testing.T) {
	all := Set{RequestsPerDay: 1, TokensPerDay: 1, InputTokensPerDay: 1, OutputTokensPerDay: 1, BudgetPerMonth: 1, Budget: 1}
	s := Subject{Key: "k_1", KeyLimits: all, TenantLimits: all, ModelLimits: all, ModelPattern: "openrouter/x/*"}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC) // December there
	want := []struct {
		scope, name string
	}{{ScopeKey, "k_1"}, {ScopeTenant, ""}, {ScopeModel, "openrouter/x/*"}}
	meters := s.Bounds().Meters(&Demand{}, now, NewCalendar(zone))
	if len(meters) != 18 {
		t.Fatalf("%d meters", len(meters))
	}
	for i := range meters {
		m := &meters[i]
		scope, name := m.Scope()
		if w := want[i/6]; scope != w.scope || name != w.name {
			t.Errorf("%s is of %s %q, want %s %q", m.Key, scope, name, w.scope, w.name)
		}
		since := map[string]time.Time{"2026-12-01": time.Date(2026, 12, 1, 0, 0, 0, 0, zone), "2026-12": time.Date(2026, 12, 1, 0, 0, 0, 0, zone)}[m.Window]
		if got := m.Since(zone); !got.Equal(since) {
			t.Errorf("%s %s is since %v, want %v", m.Key, m.Window, got, since)
		}
		counts := map[Measure]int64{Requests: 2, Tokens: 70, InputTokens: 30, OutputTokens: 40, Money: 5}[m.Measure]
		if got := m.Counts(2, 30, 40, 5); got != counts {
			t.Errorf("%s counts %d, want %d", m.Key, got, counts)
		}
	}
}
