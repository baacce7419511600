package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// changes shows that each change is told, in order, and what cannot be told is said.
func changes(t *testing.T, open Open) {
	s := open(t)
	_, start, err := s.Changes(t.Context(), 0)
	check(t, err)
	if start != 0 {
		t.Errorf("a new store is at %d", start)
	}
	_, _, err = s.Changes(t.Context(), 1)
	checkIs(t, err, keys.ErrGap)

	tenant := fullTenant("acme")
	check(t, s.CreateTenant(t.Context(), tenant, nil))
	_, first, err := s.Changes(t.Context(), 0)
	check(t, err)
	a, b := key("a", "acme"), key("b", "acme")
	check(t, s.CreateKey(t.Context(), a, nil))
	checkIs(t, s.CreateKey(t.Context(), key("a", "acme"), nil), keys.ErrExists)
	check(t, s.UpdateTenant(t.Context(), tenant, nil))
	a.Revoked, b.Revoked = &now, &now
	check(t, s.RotateKey(t.Context(), a, b, nil))
	check(t, s.UpdateKey(t.Context(), b, nil))
	check(t, s.DeleteTenant(t.Context(), "acme", nil))

	got, end, err := open(t).Changes(t.Context(), first)
	check(t, err)
	want := []keys.Change{{Key: "a"}, {Tenant: "acme"}, {Key: "a"}, {Key: "b"}, {Key: "b"}, {Tenant: "acme"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	got, again, err := s.Changes(t.Context(), end)
	check(t, err)
	if len(got) > 0 || again != end {
		t.Errorf("nothing has changed, but %v is told from %d to %d", got, end, again)
	}
	for _, point := range []int64{end + 1, -1} {
		_, _, err := s.Changes(t.Context(), point)
		checkIs(t, err, keys.ErrGap)
	}
}

// changesByMany shows that a node that follows the changes misses none of those that
// others make at the same time, and sees none before it can be read.
func changesByMany(t *testing.T, open Open) {
	const writers, each = 4, 10
	follower := open(t)
	check(t, follower.CreateTenant(t.Context(), fullTenant("acme"), nil))
	_, point, err := follower.Changes(t.Context(), 0)
	check(t, err)
	var group sync.WaitGroup
	for n := range writers {
		s := open(t)
		group.Go(func() {
			for i := range each {
				r := key(id(n, i), "acme")
				r.Hash[0], r.Hash[1] = byte(n), byte(i)
				if err := s.CreateKey(t.Context(), r, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]int{}
	for deadline := time.Now().Add(time.Minute); len(seen) < writers*each && time.Now().Before(deadline) && !t.Failed(); {
		got, now, err := follower.Changes(t.Context(), point)
		check(t, err)
		for _, c := range got {
			seen[c.Key]++
			if _, err := follower.Key(t.Context(), "", c.Key); err != nil {
				t.Errorf("the key %s was told of, but: %v", c.Key, err)
			}
		}
		point = now
		time.Sleep(time.Millisecond)
	}
	group.Wait()
	for n := range writers {
		for i := range each {
			if seen[id(n, i)] != 1 {
				t.Errorf("the change of %s was told %d times", id(n, i), seen[id(n, i)])
			}
		}
	}
}

func id(writer, number int) string { return fmt.Sprintf("w%d-%05d", writer, number) }

func entry(n int, action, tenant, subject string) *keys.Audit {
	return &keys.Audit{ID: fmt.Sprintf("e%02d", n), Time: now.Add(time.Duration(n/2) * time.Second), Actor: "anna@example.com",
		Action: action, Tenant: tenant, Subject: subject, Detail: `{"disabled":true}`}
}

// audit shows that entries come back as they were given, the latest first, and can be
// filtered.
func audit(t *testing.T, open Open) {
	s := open(t)
	var want []keys.Audit
	for n, tenant := range []string{"a", "b", "c", "d", "e"} {
		by := entry(n, "tenant.create", tenant, tenant)
		check(t, s.CreateTenant(t.Context(), fullTenant(tenant), by))
		want = append([]keys.Audit{*by}, want...)
	}
	check(t, s.CreateTenant(t.Context(), fullTenant("f"), nil))
	_, point, err := s.Changes(t.Context(), 0)
	check(t, err)
	noted := entry(5, "capture.read", "d", "key")
	check(t, s.WriteAudit(t.Context(), noted))
	if s.WriteAudit(t.Context(), noted) == nil {
		t.Error("an entry's id was used twice")
	}
	_, after, err := s.Changes(t.Context(), 0)
	check(t, err)
	if after != point {
		t.Error("what changes nothing was told as a change")
	}
	want = append([]keys.Audit{*noted}, want...)
	for filter, w := range map[keys.AuditFilter][]keys.Audit{
		{}:                             want,
		{Limit: 2}:                     want,
		{Tenant: "b"}:                  want[4:5],
		{Tenant: "x"}:                  nil,
		{Subject: "e"}:                 want[1:2],
		{Since: now.Add(time.Second)}:  want[:4],
		{Until: now.Add(time.Second)}:  want[4:],
		{Tenant: "b", Until: now}:      nil,
		{Tenant: "\x00\xff", Limit: 3}: nil,
	} {
		var got []keys.Audit
		for f := filter; ; {
			page, next, err := s.AuditLog(t.Context(), f)
			check(t, err)
			got = append(got, page...)
			if f.After = next; next == "" {
				break
			}
		}
		if !reflect.DeepEqual(got, w) {
			t.Errorf("%+v gives %+v, not %+v", filter, got, w)
		}
	}
	_, _, err = s.AuditLog(t.Context(), keys.AuditFilter{After: "nonsense"})
	if err == nil {
		t.Error("a page after nonsense was given")
	}
}

// auditTogether shows that a change is written together with its entry or not at all.
func auditTogether(t *testing.T, open Open) {
	s := open(t)
	by := entry(1, "tenant.create", "acme", "acme")
	check(t, s.CreateTenant(t.Context(), fullTenant("acme"), by))
	_, point, err := s.Changes(t.Context(), 0)
	check(t, err)
	checkIs(t, s.CreateTenant(t.Context(), fullTenant("acme"), entry(2, "tenant.create", "acme", "acme")), keys.ErrExists)
	if err := s.CreateKey(t.Context(), key("a", "acme"), by); err == nil || errors.Is(err, keys.ErrExists) {
		t.Errorf("an entry's id was used twice: %v", err)
	}
	checkKeys(t, s, "")
	page, _, err := s.AuditLog(t.Context(), keys.AuditFilter{})
	check(t, err)
	if len(page) != 1 {
		t.Errorf("the audit is %+v", page)
	}
	_, after, err := s.Changes(t.Context(), 0)
	check(t, err)
	if after != point {
		t.Error("changes were told that did not happen")
	}
}
