package storetest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/capture"
	"github.com/rickyjim626/xjp-gateway/stores"
)

func fullCapture(id string) capture.Capture {
	return capture.Capture{
		ID: id, Time: now, Tenant: "acme", Key: "k1",
		Request: capture.Body{Content: []byte("{\"hello\":\"会话\x00\xff\"}"), Size: 1 << 40, Truncated: true},
		Answer:  capture.Body{Content: []byte("data: [DONE]\n\n"), Size: 14},
	}
}

// captures shows that a capture comes back as it was given, to its tenant and to nobody
// else, and that the first one under an id counts.
func captures(t *testing.T, open Open) {
	s := open(t)
	full, empty := fullCapture("full"), capture.Capture{ID: "empty", Time: now.Add(-time.Hour), Tenant: "acme", Key: "k1"}
	check(t, s.InsertCaptures(t.Context(), nil))
	check(t, s.InsertCaptures(t.Context(), []capture.Capture{full, empty}))
	again := fullCapture("full")
	again.Key, again.Answer = "other", capture.Body{}
	check(t, s.InsertCaptures(t.Context(), []capture.Capture{again}))
	other := open(t)
	for _, want := range []capture.Capture{full, empty} {
		got, err := other.Capture(t.Context(), "acme", want.ID)
		check(t, err)
		if got == nil {
			t.Fatalf("%s is not there", want.ID)
		}
		for _, body := range []*capture.Body{&got.Request, &got.Answer} {
			if len(body.Content) == 0 {
				body.Content = nil
			}
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
	}
	for _, c := range [][2]string{{"", "none"}, {"other", "full"}, {"", "full\x00"}, {"acme\x00", "full"}} {
		got, err := s.Capture(t.Context(), c[0], c[1])
		check(t, err)
		if got != nil {
			t.Errorf("the tenant %q has %q", c[0], c[1])
		}
	}
	for _, id := range []string{"", "a\x00", strings.Repeat("a", 5000)} {
		if s.InsertCaptures(t.Context(), []capture.Capture{{ID: id, Time: now}, fullCapture("beside")}) == nil {
			t.Errorf("the id %.10q was taken", id)
		}
	}
	checkCaptures(t, s, capture.Filter{}, "full empty")
}

// checkCaptures checks what is listed, page by page.
func checkCaptures(t *testing.T, s stores.Store, f capture.Filter, want string) {
	t.Helper()
	var ids []string
	for {
		page, next, err := s.Captures(t.Context(), f)
		check(t, err)
		for i := range page {
			if page[i].Request.Content != nil || page[i].Answer.Content != nil {
				t.Errorf("%s is listed with its contents", page[i].ID)
			}
			ids = append(ids, page[i].ID)
		}
		if f.After = next; next == "" {
			break
		}
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("%+v lists %q, not %q", f, got, want)
	}
}

// captureLists shows that captures are listed without their contents, and that each field
// of a filter chooses.
func captureLists(t *testing.T, open Open) {
	s := open(t)
	var all []capture.Capture
	for i := range 5 {
		c := fullCapture(fmt.Sprint("c", i))
		c.Time = now.Add(time.Duration(i/2) * time.Second) // two at a time
		c.Tenant, c.Key = []string{"acme", "beta"}[i%2], fmt.Sprint("k", i%3)
		all = append(all, c)
	}
	check(t, s.InsertCaptures(t.Context(), all))
	for f, want := range map[capture.Filter]string{
		{}:                            "c4 c3 c2 c1 c0",
		{Limit: 1}:                    "c4 c3 c2 c1 c0",
		{Limit: 2}:                    "c4 c3 c2 c1 c0",
		{Tenant: "acme"}:              "c4 c2 c0",
		{Key: "k1"}:                   "c4 c1",
		{Tenant: "beta", Key: "k1"}:   "c1",
		{Since: now.Add(time.Second)}: "c4 c3 c2",
		{Until: now.Add(time.Second)}: "c1 c0",
		{Tenant: "acme", Since: now.Add(1), Key: "k2"}: "c2",
		{Tenant: "%"}:   "",
		{Key: "k1\x00"}: "",
	} {
		checkCaptures(t, s, f, want)
	}
	page, _, err := s.Captures(t.Context(), capture.Filter{Limit: 1})
	check(t, err)
	if page[0].Request.Size != 1<<40 || !page[0].Request.Truncated || page[0].Answer.Size != 14 || page[0].Answer.Truncated || page[0].Key != "k1" || page[0].Tenant != "acme" {
		t.Errorf("listed is %+v", page[0])
	}
	if _, _, err := s.Captures(t.Context(), capture.Filter{After: "nonsense"}); err == nil || !strings.HasPrefix(err.Error(), "after: ") {
		t.Errorf("after nonsense: %v", err)
	}
}

// deletedCaptures shows that the captures of a key or a tenant go, and nothing else.
func deletedCaptures(t *testing.T, open Open) {
	s := open(t)
	for i, of := range [][2]string{{"acme", "k1"}, {"acme", "k1"}, {"acme", "k2"}, {"beta", "k1"}, {"beta", "k3"}, {"beta", "k3"}} {
		c := fullCapture(fmt.Sprint("c", i))
		c.Tenant, c.Key = of[0], of[1]
		check(t, s.InsertCaptures(t.Context(), []capture.Capture{c}))
	}
	for _, step := range []struct {
		tenant, key string
		deleted     int
		left        string
	}{
		{"acme", "k3", 0, "c5 c4 c3 c2 c1 c0"},
		{"", "k\x00", 0, "c5 c4 c3 c2 c1 c0"},
		{"acme", "k1", 2, "c5 c4 c3 c2"},
		{"", "k1", 1, "c5 c4 c2"},
		{"beta", "", 2, "c2"},
		{"", "", 1, ""},
	} {
		n, err := s.DeleteCaptures(t.Context(), step.tenant, step.key, 10)
		check(t, err)
		if n != step.deleted {
			t.Errorf("of %q and %q %d were deleted, not %d", step.tenant, step.key, n, step.deleted)
		}
		checkCaptures(t, s, capture.Filter{}, step.left)
	}
	var many []capture.Capture
	for i := range 250 {
		many = append(many, capture.Capture{ID: id(0, i), Time: now, Key: "k1"})
	}
	check(t, s.InsertCaptures(t.Context(), many))
	for _, want := range []int{220, 30, 0} {
		n, err := s.DeleteCaptures(t.Context(), "", "k1", 220)
		check(t, err)
		if n != want {
			t.Errorf("%d were deleted, not %d", n, want)
		}
	}
}

// prunedCaptures shows that what is old goes, and then the oldest until the rest is no more
// than may be kept.
func prunedCaptures(t *testing.T, open Open) {
	s := open(t)
	var all []capture.Capture
	for i := range 10 {
		c := capture.Capture{ID: fmt.Sprint("c", i), Time: now.Add(time.Duration(i) * time.Second), Request: capture.Body{Content: bytes.Repeat([]byte("x"), 1000), Size: 1000}}
		all = append(all, c)
	}
	check(t, s.InsertCaptures(t.Context(), all))
	each := all[0].Footprint()
	for _, step := range []struct {
		before   time.Time
		maxTotal int64
		most     int
		deleted  int
		left     string
	}{
		{time.Time{}, 10 * each, 100, 0, "c9 c8 c7 c6 c5 c4 c3 c2 c1 c0"},
		{now.Add(2 * time.Second), 1 << 40, 100, 2, "c9 c8 c7 c6 c5 c4 c3 c2"},
		{time.Time{}, 6*each - 1, 2, 2, "c9 c8 c7 c6 c5 c4"},
		{time.Time{}, 6*each - 1, 2, 1, "c9 c8 c7 c6 c5"},
		{now.Add(6 * time.Second), 2*each + 1, 100, 3, "c9 c8"},
		{time.Time{}, 1, 100, 2, ""},
		{time.Time{}, 1, 100, 0, ""},
	} {
		n, err := s.PruneCaptures(t.Context(), step.before, step.maxTotal, step.most)
		check(t, err)
		if n != step.deleted {
			t.Errorf("%d were deleted, not %d", n, step.deleted)
		}
		checkCaptures(t, s, capture.Filter{}, step.left)
	}
}

// prunedCapturesByMany shows that several nodes can prune and add at once.
func prunedCapturesByMany(t *testing.T, open Open) {
	var group sync.WaitGroup
	for n := range 3 {
		s := open(t)
		group.Go(func() {
			for i := range 20 {
				c := fullCapture(id(n, i))
				c.Time = now.Add(time.Duration(i) * time.Second)
				if err := s.InsertCaptures(t.Context(), []capture.Capture{c}); err != nil {
					t.Error(err)
				}
				if _, err := s.PruneCaptures(t.Context(), now, 5*c.Footprint(), 100); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	s := open(t)
	_, err := s.PruneCaptures(t.Context(), now, 5*new(capture.Capture).Footprint(), 100)
	check(t, err)
	page, _, err := s.Captures(t.Context(), capture.Filter{})
	check(t, err)
	if len(page) == 0 || len(page) > 5 {
		t.Errorf("%d captures are left", len(page))
	}
}
