package admin

import (
	"net/http"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// listRequests lists the records of the ledger, the latest first, or exports all that
// match.
func (x *exchange) listRequests() error {
	format := x.query.word("format", "json", "jsonl", "csv")
	f := x.filter()
	if form, exports := exportForms[format]; exports {
		most := x.query.exportMost()
		if err := x.query.done(); err != nil {
			return err
		}
		return x.export(f, most, form)
	}
	f.Limit = x.query.limit()
	if err := x.query.done(); err != nil {
		return err
	}
	list, next, err := x.records(f)
	if err != nil {
		return err
	}
	return writePage(x, list, next)
}

// filter reads what records are asked for.
func (x *exchange) filter() ledger.Filter {
	q, zone := x.query, x.backend.Location()
	return ledger.Filter{
		Tenant: q.text("tenant"), Key: q.text("key"), Model: q.text("model"), Provider: q.text("provider"), Session: q.text("session"),
		End: ledger.End(q.word("end", "", string(ledger.Complete), string(ledger.ClientGone), string(ledger.UpstreamBroken),
			string(ledger.Refused), string(ledger.Rejected), string(ledger.Lost))),
		Since: q.moment("since", x.now, zone), Until: q.moment("until", x.now, zone), After: q.text("after"),
	}
}

// records asks the ledger for a page.
func (x *exchange) records(f ledger.Filter) (list []ledger.Record, next string, err error) {
	store, err := x.store()
	if err != nil {
		return nil, "", err
	}
	list, next, err = store.Records(x.Context(), f)
	if err != nil {
		return nil, "", storeError(err, "the page")
	}
	return list, next, nil
}

// getRequest tells of one request.
func (x *exchange) getRequest() error {
	tenant := x.query.text("tenant")
	if err := x.query.done(); err != nil {
		return err
	}
	store, err := x.store()
	if err != nil {
		return err
	}
	record, err := store.Record(x.Context(), tenant, x.id)
	if err != nil {
		return storeError(err, "the request")
	}
	if record == nil {
		return refuse(http.StatusNotFound, "request '%s' does not exist", x.id)
	}
	return x.write(http.StatusOK, record)
}
