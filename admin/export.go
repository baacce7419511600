package admin

import (
	"io"
	"iter"
	"net/http"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// exportForm is a form in which records are exported.
type exportForm struct {
	kind, file string
	write      func(io.Writer, iter.Seq2[*ledger.Record, error]) error
}

// exportForms are the forms by name.
var exportForms = map[string]exportForm{
	"jsonl": {"application/jsonl", "requests.jsonl", ledger.WriteJSONLines},
	"csv":   {"text/csv; charset=utf-8", "requests.csv", ledger.WriteCSV},
}

// export answers with all records that match, at most some, while they are read page by
// page. What goes wrong before the first of them is told as an error; later the answer
// breaks off, so that nobody takes a part for the whole.
func (x *exchange) export(f ledger.Filter, most int, form exportForm) error {
	store, err := x.store()
	if err != nil {
		return err
	}
	f.Limit = min(most, maxLimit)
	next, stop := iter.Pull2(ledger.All(x.Context(), store, f))
	defer stop()
	first, err, some := next()
	if err != nil {
		return storeError(err, "the page")
	}
	x.w.Header().Set("Content-Type", form.kind)
	x.w.Header().Set("Content-Disposition", `attachment; filename="`+form.file+`"`)
	rest := func(yield func(*ledger.Record, error) bool) {
		for r, n := first, 0; some && n < most && yield(r, err); n++ {
			r, err, some = next()
		}
	}
	if err := form.write(x.w, rest); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// exportMost reads how many records are exported at most: all of them, if it is not said.
func (q *query) exportMost() int { return q.number("limit", everything, 1, everything) }

// everything is more records than there are.
const everything = 1 << 40
