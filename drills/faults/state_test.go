package main

import (
	"testing"
	"time"
)

// TestBears: what is known of a route is held against what a fault must leave, and a rest
// that is over by itself is no fault.
func TestBears(t *testing.T) {
	in := func(d time.Duration) time.Time { return time.Now().Add(d) }
	for name, c := range map[string]struct {
		is       health
		mark     mark
		failures int
		since    time.Duration
		want     bool
	}{
		"untouched":              {is: health{Breaker: "closed"}, want: true},
		"failed":                 {is: health{Breaker: "closed", Failures: 2}, failures: 2, want: true},
		"failed once more":       {is: health{Breaker: "closed", Failures: 3}, failures: 2},
		"open":                   {is: health{Breaker: "open", Cause: "failures"}},
		"rests":                  {is: health{Breaker: "resting", Cause: "rate_limit", Until: in(time.Second)}, mark: resting, want: true},
		"rests too long":         {is: health{Breaker: "resting", Cause: "rate_limit", Until: in(3 * time.Second)}, mark: resting},
		"rests too short":        {is: health{Breaker: "resting", Cause: "rate_limit", Until: in(time.Second)}, mark: restingFor(7 * time.Second)},
		"rests for another":      {is: health{Breaker: "resting", Cause: "auth", Until: in(time.Second)}, mark: resting},
		"does not rest":          {is: health{Breaker: "closed"}, mark: resting},
		"has rested":             {is: health{Breaker: "closed"}, mark: resting, since: 2 * time.Second, want: true},
		"rests without a reason": {is: health{Breaker: "resting", Cause: "rate_limit", Until: in(time.Second)}},
	} {
		if err := c.is.bears(c.mark, c.failures, c.since); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestQuiet: a call that goes on, or waits, is noticed at routes and at providers.
func TestQuiet(t *testing.T) {
	if err := (&routes{Routes: []*routeState{{}}}).quiet(); err != nil {
		t.Error(err)
	}
	for _, l := range []load{{InFlight: 1}, {Queued: 1}} {
		if (&routes{Routes: []*routeState{{load: l}}}).quiet() == nil {
			t.Errorf("%+v at a route is not noticed", l)
		}
		all := new(routes)
		all.Providers = append(all.Providers, &struct {
			Provider string
			load
		}{"p", l})
		if all.quiet() == nil {
			t.Errorf("%+v at a provider is not noticed", l)
		}
	}
}
