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

// test is a test of the contract, on an empty database of its own.
type test struct {
	name string
	run  func(t *testing.T, open Open)
}

// statements are tests that execute each statement of a store between them.
var statements = []test{
	{"tenants", tenants},
	{"changed tenants", changedTenants},
	{"deleted tenants", deletedTenants},
	{"keys", keyRecords},
	{"pages of keys", keyPages},
	{"changed keys", changedKeys},
	{"rotated keys", rotatedKeys},
	{"used keys", usedKeys},
	{"changes", changes},
	{"audit", audit},
	{"records", records},
	{"strange records", strangeRecords},
	{"filters of records", recordFilters},
	{"lost records", lostRecords},
	{"late attempts", lateAttempts},
	{"usage", usage},
	{"pruned records", prunedRecords},
	{"captures", captures},
	{"lists of captures", captureLists},
	{"deleted captures", deletedCaptures},
	{"pruned captures", prunedCaptures},
}

// others are the tests beside those.
var others = []test{
	{"pages of tenants", tenantPages},
	{"refused keys", refusedKeys},
	{"strange keys", strangeKeys},
	{"changes by many", changesByMany},
	{"directories", directories},
	{"audit and change together", auditTogether},
	{"times", times},
	{"pages of records", recordPages},
	{"records again", recordsAgain},
	{"large batches", largeBatches},
	{"many records", manyRecords},
	{"tenants apart", tenantsApart},
	{"usage by days", usageByDays},
	{"sums are those of records", sumsOfRecords},
	{"batches by many", batchesByMany},
	{"captures pruned by many", prunedCapturesByMany},
	{"late attempts by many", lateAttemptsByMany},
	{"cancelled", cancelled},
	{"closed in use", closedInUse},
}

// Run runs all tests. create makes an empty database for a test and tells how to open it.
func Run(t *testing.T, create func(t *testing.T) Open) {
	RunStatements(t, create)
	run(t, others, create)
}

// RunStatements runs so many tests that each statement is executed, for engines that can
// execute them in several ways.
func RunStatements(t *testing.T, create func(t *testing.T) Open) { run(t, statements, create) }

func run(t *testing.T, tests []test, create func(t *testing.T) Open) {
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, create(t))
		})
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
