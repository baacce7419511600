package admin

import "github.com/rickyjim626/xjp-gateway/keys"

// audit lists what administrators have changed, the latest first.
func (x *exchange) audit() error {
	q, zone := x.query, x.backend.Location()
	f := keys.AuditFilter{
		Tenant: q.text("tenant"), Subject: q.text("subject"), Since: q.moment("since", x.now, zone), Until: q.moment("until", x.now, zone),
		After: q.text("after"), Limit: q.limit(),
	}
	if err := q.done(); err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	list, next, err := store.AuditLog(x.Context(), f)
	if err != nil {
		return storeError(err, "the page")
	}
	return writePage(x, list, next)
}
