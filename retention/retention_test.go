package retention

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var errGone = errors.New("the store is gone")

// TestInSteps: steps follow one another until one deletes less than it may, fails, or the
// time is over.
func TestInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			there, fails int
			deleted      int
			calls        int
			err          error
		}{{0, 0, 0, 1, nil}, {3, 0, 3, 1, nil}, {10, 0, 10, 2, nil}, {25, 0, 25, 3, nil}, {25, 2, 10, 2, errGone}} {
			left, calls := test.there, 0
			deleted, err := InSteps(t.Context(), 10, func(_ context.Context, most int) (int, error) {
				if calls++; calls == test.fails {
					return 0, errGone
				}
				n := min(left, most)
				left -= n
				return n, nil
			})
			if deleted != test.deleted || calls != test.calls || err != test.err {
				t.Errorf("of %d, %d were deleted in %d steps: %v", test.there, deleted, calls, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		deleted, err := InSteps(ctx, 10, func(context.Context, int) (int, error) {
			cancel()
			return 10, nil
		})
		if deleted != 10 || err != context.Canceled {
			t.Errorf("%d were deleted after the end: %v", deleted, err)
		}
	})
}

// TestLoop: it deletes at once and then from time to time, and tells of what has come of it.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var told []string
		results := []struct {
			deleted int
			err     error
		}{{2, nil}, {0, nil}, {1, errGone}, {0, errGone}}
		l := Loop{
			Every: time.Hour,
			Prune: func(_ context.Context, now time.Time) (int, error) {
				if len(results) == 0 {
					return 0, nil
				}
				r := results[0]
				results = results[1:]
				told = append(told, fmt.Sprint("at ", now.Sub(begun)))
				return r.deleted, r.err
			},
			OnPruned: func(deleted int, err error) { told = append(told, fmt.Sprint(deleted, " ", err)) },
		}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		l.Run(ctx)
		want := "[at 0s 2 <nil> at 1h0m0s at 2h0m0s 1 the store is gone at 3h0m0s 0 the store is gone]"
		if got := fmt.Sprint(told); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if passed := time.Since(begun); passed != 24*time.Hour {
			t.Errorf("it ended after %v", passed)
		}
	})
}
