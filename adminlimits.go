package xjpgateway

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/rickyjim626/xjp-gateway/admin"
	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// Meters tells how much of their limits a key has used, or a tenant where no key is named,
// and what was used of models within the tenant.
func (b administration) Meters(ctx context.Context, tenant, key string) ([]admin.Meter, error) {
	p, err := b.limited(ctx, tenant, key)
	if err != nil {
		return nil, err
	}
	acc, now := b.app.accounts, time.Now()
	meters := acc.metersOf(p, now)
	if b.app.countsElsewhere() {
		meters = slices.DeleteFunc(meters, func(m limits.Meter) bool { return m.Kind != limits.Quota })
	}
	used, _, err := acc.engines.Limits.Used(ctx, p.Tenant, meters, now)
	if err != nil {
		return nil, &admin.Error{Status: http.StatusServiceUnavailable, Message: "the counts of limits cannot be reached; the log says why", Cause: err}
	}
	list := make([]admin.Meter, len(meters))
	for i := range meters {
		list[i] = standingOf(&meters[i], p.Tenant, used[i], now)
	}
	return list, nil
}

// countsElsewhere reports whether the process that serves has counts of its own that cannot be
// told here. The ledger tells of quotas alone.
func (a *App) countsElsewhere() bool { return a.alone && a.accounts.engines.Own }

// limited finds whose limits are asked for: a key of the configuration, one of the store, or
// a tenant without a key.
func (b administration) limited(ctx context.Context, tenant, key string) (*keys.Principal, error) {
	static := b.app.snapshot.Load().keys.ByID(key)
	if static != nil && (tenant == "" || tenant == static.Tenant) {
		b.app.accounts.await(ctx)
		p, _ := b.app.accounts.withinTenant(ctx, static) // one of a disabled tenant has limits too
		return p, nil
	}
	record, owner, err := b.stored(ctx, tenant, key)
	if err != nil {
		return nil, err
	}
	return keys.NewPrincipal(record, owner), nil
}

// stored finds a key of the store and its tenant. Without a key, the record is the tenant's.
func (b administration) stored(ctx context.Context, tenant, key string) (*keys.Record, *keys.Tenant, error) {
	store, err := b.Store()
	if err != nil {
		return nil, nil, err
	}
	record := &keys.Record{Tenant: tenant}
	if key != "" {
		if record, err = store.Key(ctx, tenant, key); err != nil {
			return nil, nil, err
		}
	}
	owner, err := store.Tenant(ctx, record.Tenant)
	return record, owner, err
}

// metersOf are the meters of all limits that are set: of a key, its tenant, and models.
func (acc *accounts) metersOf(p *keys.Principal, now time.Time) []limits.Meter {
	subject := limits.Subject{Key: p.ID, TenantLimits: p.TenantLimits}
	if p.ID != "" {
		subject.KeyLimits = p.Limits.Over(acc.defaults)
	}
	meters := subject.Bounds().Meters(&limits.Demand{}, now, acc.calendar)
	for _, pattern := range slices.Sorted(maps.Keys(p.ModelLimits)) {
		model := p.OfModels(pattern)
		meters = append(meters, model.Bounds().Meters(&limits.Demand{}, now, acc.calendar)...)
	}
	return meters
}

// standingOf tells how much of a limit is used.
func standingOf(m *limits.Meter, tenant string, used int64, now time.Time) admin.Meter {
	quantity := admin.Count
	if m.IsBudget() {
		quantity = func(n int64) admin.Quantity { return admin.Money(prices.Amount(n)) }
	}
	left := max(0, m.Limit-used)
	told := admin.Meter{Limit: m.Name(), Most: quantity(m.Limit), Used: quantity(used), Remaining: quantity(left)}
	if told.Scope, told.Name = m.Scope(); told.Scope == limits.ScopeTenant {
		told.Name = tenant
	}
	if reset := m.Reset(left, now); reset > 0 {
		at := now.Add(reset).UTC().Truncate(time.Second)
		told.Resets = &at
	}
	return told
}
