package keystest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
)

func TestChanges(t *testing.T) {
	s := keystest.New()
	create := func(id string) {
		t.Helper()
		if err := s.CreateTenant(t.Context(), &keys.Tenant{ID: id}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if changes, now, err := s.Changes(t.Context(), 0); len(changes) != 0 || now != 0 || err != nil {
		t.Errorf("of an empty store: %v %d %v", changes, now, err)
	}
	create("first")
	_, point, _ := s.Changes(t.Context(), 0)
	var want []string
	for i := range 450 {
		want = append(want, fmt.Sprint("t", i))
		create(want[i])
	}
	var got []string
	for rounds := 0; ; rounds++ {
		changes, next, err := s.Changes(t.Context(), point)
		if err != nil || rounds > 3 {
			t.Fatal(rounds, err)
		}
		if len(changes) == 0 {
			break
		}
		for _, c := range changes {
			got = append(got, c.Tenant)
		}
		point = next
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d changes are told", len(got))
	}
	if _, _, err := s.Changes(t.Context(), point+1); !errors.Is(err, keys.ErrGap) {
		t.Errorf("behind the end: %v", err)
	}
	s.Forget()
	if _, _, err := s.Changes(t.Context(), point-1); !errors.Is(err, keys.ErrGap) {
		t.Errorf("before what is known: %v", err)
	}
	if _, _, err := s.Changes(t.Context(), point); err != nil {
		t.Errorf("at the end: %v", err)
	}
}

func TestAuditLog(t *testing.T) {
	s := keystest.New()
	start := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for i := range 7 {
		by := &keys.Audit{ID: fmt.Sprint("a", i), Time: start.Add(time.Duration(i/2) * time.Hour), Subject: fmt.Sprint("t", i), Tenant: fmt.Sprint("t", i%2)}
		if err := s.CreateTenant(t.Context(), &keys.Tenant{ID: fmt.Sprint("t", i)}, by); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		f    keys.AuditFilter
		want string
	}{
		{"all, in pages", keys.AuditFilter{Limit: 2}, "a6 a5|a4 a3|a2 a1|a0"},
		{"in whole pages", keys.AuditFilter{Limit: 7}, "a6 a5 a4 a3 a2 a1 a0"},
		{"of a tenant", keys.AuditFilter{Tenant: "t1", Limit: 2}, "a5 a3|a1"},
		{"of a subject", keys.AuditFilter{Subject: "t3"}, "a3"},
		{"of a span", keys.AuditFilter{Since: start.Add(time.Hour), Until: start.Add(2 * time.Hour)}, "a3 a2"},
	} {
		got := ""
		for f := test.f; ; {
			page, next, err := s.AuditLog(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range page {
				if i > 0 {
					got += " "
				}
				got += a.ID
			}
			if next == "" {
				break
			}
			got += "|"
			f.After = next
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestKeys(t *testing.T) {
	s := keystest.New("acme")
	one := &keys.Record{ID: "one", Tenant: "acme", Hash: keys.HashOf("1"), Metadata: map[string]string{"a": "b"}}
	for _, test := range []struct {
		name string
		r    *keys.Record
		want error
	}{
		{"first", one, nil},
		{"its id again", &keys.Record{ID: "one", Tenant: "acme", Hash: keys.HashOf("2")}, keys.ErrExists},
		{"its hash again", &keys.Record{ID: "two", Tenant: "acme", Hash: keys.HashOf("1")}, keys.ErrExists},
		{"of nobody", &keys.Record{ID: "two", Tenant: "nobody"}, keys.ErrNotFound},
	} {
		if err := s.CreateKey(t.Context(), test.r, nil); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	one.Metadata["a"] = "changed outside"
	read, err := s.Key(t.Context(), "acme", "one")
	if err != nil || read.Metadata["a"] != "b" || read.Version != 1 {
		t.Fatalf("%+v, %v", read, err)
	}
	late, early := time.Unix(2, 0), time.Unix(1, 0)
	for _, at := range []time.Time{late, early} {
		if err := s.Touch(t.Context(), map[string]time.Time{"one": at, "gone": at}); err != nil {
			t.Fatal(err)
		}
	}
	read.Disabled = true
	if err := s.UpdateKey(t.Context(), read, nil); err != nil || read.Version != 2 {
		t.Error(err)
	}
	if stored, _ := s.Key(t.Context(), "", "one"); !stored.Disabled || stored.LastUsed == nil || !stored.LastUsed.Equal(late) {
		t.Errorf("%+v", stored)
	}
	seen := *read
	seen.Version = 1
	for _, update := range []error{s.UpdateKey(t.Context(), &seen, nil), s.RotateKey(t.Context(), &seen, &keys.Record{ID: "two", Tenant: "acme"}, nil)} {
		if !errors.Is(update, keys.ErrChanged) {
			t.Errorf("an update of what was changed: %v", update)
		}
	}
	if _, err := s.Key(t.Context(), "", "two"); !errors.Is(err, keys.ErrNotFound) {
		t.Errorf("half a rotation: %v", err)
	}
	if _, err := s.Key(t.Context(), keys.DefaultTenant, "one"); !errors.Is(err, keys.ErrNotFound) {
		t.Errorf("a key of another tenant: %v", err)
	}
	if r, err := s.KeyByHash(t.Context(), keys.HashOf("1")); err != nil || r.ID != "one" {
		t.Errorf("by its hash: %+v, %v", r, err)
	}
}
