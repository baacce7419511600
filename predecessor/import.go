package predecessor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// Store is where things are carried to.
type Store interface {
	keys.Store
	ledger.Store
}

// Report tells what an import has done, or would do.
type Report struct {
	// Tenants and Keys were added. AmendedKeys were there already, and are now as they are in
	// the predecessor; KnownKeys were the same.
	Tenants     int `json:"tenants"`
	Keys        int `json:"keys"`
	AmendedKeys int `json:"amended_keys"`
	KnownKeys   int `json:"known_keys"`
	// Requests were read, with Cost in all. Those that were imported before change nothing.
	Requests int64         `json:"requests"`
	Cost     prices.Amount `json:"cost"`
	// TwiceReasoned is the requests whose cost counts reasoning twice.
	TwiceReasoned int64 `json:"reasoning_counted_twice"`
	// MissingTables are the predecessor's tables that its database does not have.
	MissingTables []string `json:"missing_tables,omitempty"`
	// Skipped is what could not be carried over; Problems says why, of the first some.
	Skipped  int64    `json:"skipped"`
	Problems []string `json:"problems,omitempty"`
}

// maxProblems is how many problems a report tells one by one.
const maxProblems = 50

// skip notes what could not be carried over.
func (r *Report) skip(what, id string, err error) {
	if r.Skipped++; len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf("%s %.80q: %v", what, id, err))
	}
}

// Look tells what Import would do, and does nothing.
func Look(ctx context.Context, from *Database, to Store) (*Report, error) {
	return carry(ctx, from, &looking{Store: to, tenants: map[string]bool{}})
}

// Import carries the predecessor's keys and accounts into a store. It may be repeated: a
// second run adds what came after the first, and amends keys that were changed there and not
// here.
func Import(ctx context.Context, from *Database, to Store) (*Report, error) {
	return carry(ctx, from, to)
}

func carry(ctx context.Context, from *Database, to Store) (*Report, error) {
	c := &carrier{ctx: ctx, to: to, now: time.Now().UTC(), report: Report{MissingTables: from.missing}}
	if err := from.keys(ctx, c.key); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if err := c.touch(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if err := from.requests(ctx, c.request); err != nil {
		return nil, fmt.Errorf("usage: %w", err)
	}
	if err := c.flush(); err != nil {
		return nil, fmt.Errorf("usage: %w", err)
	}
	return &c.report, nil
}

// carrier carries one thing after the other.
type carrier struct {
	ctx    context.Context
	to     Store
	now    time.Time
	report Report
	used   map[string]time.Time
	batch  []ledger.Record
}

// key carries a key, and its tenant if that is new. One that is there is amended.
func (c *carrier) key(r row) error {
	k, err := keyOf(r)
	if err != nil {
		c.report.skip("key", r.text("id"), err)
		return nil
	}
	if err := c.tenant(k.Tenant, r.text("tenant_id"), k.Created); err != nil {
		return err
	}
	switch err := c.to.CreateKey(c.ctx, k, c.audit("key.create", k.Tenant, k.ID)); {
	case errors.Is(err, keys.ErrExists):
		return c.amend(k)
	case err != nil:
		return err
	}
	c.report.Keys++
	if k.LastUsed != nil {
		if c.used == nil {
			c.used = map[string]time.Time{}
		}
		c.used[k.ID] = *k.LastUsed
	}
	return nil
}

// tenant adds a tenant unless it is there.
func (c *carrier) tenant(id, name string, created time.Time) error {
	t := &keys.Tenant{ID: id, Created: created, Updated: created}
	if name != id {
		t.Name = name
	}
	switch err := c.to.CreateTenant(c.ctx, t, c.audit("tenant.create", id, id)); {
	case errors.Is(err, keys.ErrExists):
		return nil
	case err != nil:
		return err
	}
	c.report.Tenants++
	return nil
}

// audit is the entry for something that is carried over.
func (c *carrier) audit(action, tenant, subject string) *keys.Audit {
	return &keys.Audit{ID: rand.Text(), Time: c.now, Actor: "import", Action: action, Tenant: tenant, Subject: subject, Detail: `{"imported":true}`}
}

// touch writes when keys were last used.
func (c *carrier) touch() error {
	if len(c.used) == 0 {
		return nil
	}
	return c.to.Touch(c.ctx, c.used)
}

// batchSize is how many records are inserted at once.
const batchSize = 500

// request carries the account of a request.
func (c *carrier) request(r request) error {
	rec, err := recordOf(r)
	if err != nil {
		about, _ := r.about()
		c.report.skip("request", about.text("request_id", "id"), err)
		return nil
	}
	c.report.Requests++
	c.report.Cost += rec.Cost
	for i := range rec.Attempts {
		if rec.Attempts[i].Price == PriceTwiceReasoned {
			c.report.TwiceReasoned++
			break
		}
	}
	if c.batch = append(c.batch, *rec); len(c.batch) < batchSize {
		return nil
	}
	return c.flush()
}

// flush inserts what has been gathered.
func (c *carrier) flush() error {
	if len(c.batch) == 0 {
		return nil
	}
	err := c.to.Insert(c.ctx, c.batch)
	c.batch = c.batch[:0]
	return err
}

// looking is a store that can be looked at, but takes nothing.
type looking struct {
	Store
	tenants map[string]bool // that would be there
}

// CreateTenant reports whether the tenant is there.
func (l *looking) CreateTenant(ctx context.Context, t *keys.Tenant, _ *keys.Audit) error {
	if _, err := l.Tenant(ctx, t.ID); !errors.Is(err, keys.ErrNotFound) {
		return existsUnless(err)
	}
	if l.tenants[t.ID] {
		return keys.ErrExists
	}
	l.tenants[t.ID] = true
	return nil
}

// CreateKey reports whether the key is there, by its id or by its hash.
func (l *looking) CreateKey(ctx context.Context, k *keys.Record, _ *keys.Audit) error {
	if _, err := l.Key(ctx, "", k.ID); !errors.Is(err, keys.ErrNotFound) {
		return existsUnless(err)
	}
	if _, err := l.KeyByHash(ctx, k.Hash); !errors.Is(err, keys.ErrNotFound) {
		return existsUnless(err)
	}
	return nil
}

// UpdateKey does nothing.
func (l *looking) UpdateKey(context.Context, *keys.Record, *keys.Audit) error { return nil }

// existsUnless is ErrExists for what was found.
func existsUnless(err error) error {
	if err != nil {
		return err
	}
	return keys.ErrExists
}

// Touch does nothing.
func (l *looking) Touch(context.Context, map[string]time.Time) error { return nil }

// Insert does nothing.
func (l *looking) Insert(context.Context, []ledger.Record) error { return nil }
