package clewdr

import (
	"testing"
	"time"
)

// TestPool follows an empty pool through time (E3, E4).
func TestPool(t *testing.T) {
	var p pool
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name  string
		after time.Duration
		want  time.Duration
	}{
		{"the first time", 0, time.Minute},
		{"a call that was under way", 10 * time.Second, 50 * time.Second},
		{"empty again after the rest", 50 * time.Second, 2 * time.Minute},
		{"and again", 2*time.Minute + time.Second, 4 * time.Minute},
		{"and again", 4 * time.Minute, 8 * time.Minute},
		{"and again", 8 * time.Minute, 16 * time.Minute},
		{"not without end", 16 * time.Minute, 30 * time.Minute},
		{"not without end", 30 * time.Minute, 30 * time.Minute},
		{"after a good while", 61 * time.Minute, time.Minute},
	} {
		now = now.Add(step.after)
		if got := p.empty(now); got != step.want {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
}
