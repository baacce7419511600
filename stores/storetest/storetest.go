// Package storetest is the contract of stores as tests: each engine passes them all.
package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores"
)

// Location is the time zone that stores of these tests are to be opened with.
var Location = time.FixedZone("UTC+8", 8*60*60)

// Open opens a database once more, as another node does. The store is closed when the test
// ends.
type Open func(t *testing.T) stores.Store

// Run runs all tests. create makes an empty database for a test and tells how to open it.
func Run(t *testing.T, create func(t *testing.T) Open) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, open Open)
	}{
		{"tenants", tenants},
		{"pages of tenants", tenantPages},
		{"changed tenants", changedTenants},
		{"deleted tenants", deletedTenants},
		{"keys", keyRecords},
		{"pages of keys", keyPages},
		{"refused keys", refusedKeys},
		{"changed keys", changedKeys},
		{"rotated keys", rotatedKeys},
		{"used keys", usedKeys},
		{"strange keys", strangeKeys},
		{"changes", changes},
		{"changes by many", changesByMany},
		{"audit", audit},
		{"audit and change together", auditTogether},
		{"records", records},
		{"times", times},
		{"strange records", strangeRecords},
		{"pages of records", recordPages},
		{"filters of records", recordFilters},
		{"records again", recordsAgain},
		{"lost records", lostRecords},
		{"large batches", largeBatches},
		{"tenants apart", tenantsApart},
		{"usage", usage},
		{"usage by days", usageByDays},
		{"sums are those of records", sumsOfRecords},
		{"batches by many", batchesByMany},
		{"pruned records", prunedRecords},
		{"cancelled", cancelled},
		{"closed in use", closedInUse},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, create(t)) })
	}
}

// now is the time of these tests.
var now = time.Date(2026, 11, 26, 12, 0, 0, 123_456_000, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("the error is %v, not %v", err, want)
	}
}

// cancelled shows that calls whose time is over fail with that and change nothing.
func cancelled(t *testing.T, open Open) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	checkIs(t, s.Insert(ctx, []ledger.Record{{ID: "a", Time: now}}), context.Canceled)
	checkIs(t, s.CreateTenant(ctx, &keys.Tenant{ID: "acme"}, nil), context.Canceled)
	checkIs(t, s.Ping(ctx), context.Canceled)
	_, _, err := s.Records(ctx, ledger.Filter{})
	checkIs(t, err, context.Canceled)
	page, _, err := s.Records(t.Context(), ledger.Filter{})
	check(t, err)
	if len(page) > 0 {
		t.Error("a cancelled insert has inserted")
	}
	_, err = s.Tenant(t.Context(), "acme")
	checkIs(t, err, keys.ErrNotFound)
}

// closedInUse shows that a store can be closed while it is used: calls succeed or fail, and
// those after it fail.
func closedInUse(t *testing.T, open Open) {
	s := open(t)
	var group sync.WaitGroup
	begun := make(chan struct{}, 4)
	for n := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				err := s.Insert(t.Context(), []ledger.Record{{ID: id(n, i), Time: now}})
				if i == 0 {
					begun <- struct{}{}
				}
				if err != nil {
					return
				}
			}
		})
	}
	for range 4 {
		<-begun
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
	if s.Ping(t.Context()) == nil {
		t.Error("a closed store answers")
	}
	again := open(t)
	if _, _, err := again.Records(t.Context(), ledger.Filter{}); err != nil {
		t.Error(err)
	}
}
