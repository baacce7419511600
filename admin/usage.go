package admin

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// Usage is what was used in a span of days.
type Usage struct {
	// Since is the first day, Until the day behind the last, in the time zone Zone.
	Since string `json:"since"`
	Until string `json:"until"`
	Zone  string `json:"time_zone"`
	// Data are the sums of each group, Total those of all together.
	Data  []ledger.Sum `json:"data"`
	Total ledger.Sum   `json:"total"`
}

// defaultDays is the span of a question that names none.
const defaultDays = 30

// usage sums up what was used.
func (x *exchange) usage() error {
	q := ledger.Query{Tenant: x.query.text("tenant"), Key: x.query.text("key"), Model: x.query.text("model"), By: x.query.groups()}
	format := x.query.word("format", "json", "csv")
	q.Since, q.Until = x.days("since", "until")
	if err := x.query.done(); err != nil {
		return err
	}
	sums, err := x.sums(q)
	if err != nil {
		return err
	}
	if format == "csv" {
		return x.writeSums(q.By, sums)
	}
	return x.write(http.StatusOK, x.usageOf(q, sums))
}

// days reads a span of whole days: the last 30 days with today, if it is not said.
func (x *exchange) days(since, until string) (from, to time.Time) {
	zone := x.backend.Location()
	from, to = x.query.day(since, x.now, zone), x.query.day(until, x.now, zone)
	today := x.now.In(zone)
	if to.IsZero() {
		to = time.Date(today.Year(), today.Month(), today.Day()+1, 0, 0, 0, 0, zone)
	}
	if from.IsZero() {
		from = to.In(zone).AddDate(0, 0, -defaultDays)
	}
	if from.In(zone).Format(time.DateOnly) >= to.In(zone).Format(time.DateOnly) {
		x.query.fail("%s: must be on a day after %s", until, since)
	}
	return from, to
}

// groups reads what sums are grouped by.
func (q *query) groups() []ledger.Group {
	known := []ledger.Group{ledger.ByDay, ledger.ByTenant, ledger.ByKey, ledger.ByModel, ledger.ByProvider}
	text := q.text("by")
	if text == "" {
		return nil
	}
	var by []ledger.Group
	for word := range strings.SplitSeq(text, ",") {
		group := ledger.Group(strings.TrimSpace(word))
		switch {
		case !slices.Contains(known, group):
			q.fail("by: '%s' is not known; there are day, tenant, key, model, provider", group)
		case slices.Contains(by, group):
			q.fail("by: '%s' is named twice", group)
		}
		by = append(by, group)
	}
	return by
}

// sums asks the ledger.
func (x *exchange) sums(q ledger.Query) ([]ledger.Sum, error) {
	store, err := x.store()
	if err != nil {
		return nil, err
	}
	sums, err := store.Usage(x.Context(), q)
	if err != nil {
		return nil, storeError(err, "the usage")
	}
	return sums, nil
}

func (x *exchange) usageOf(q ledger.Query, sums []ledger.Sum) *Usage {
	zone := x.backend.Location()
	u := &Usage{Since: q.Since.In(zone).Format(time.DateOnly), Until: q.Until.In(zone).Format(time.DateOnly), Zone: zone.String(), Data: sums}
	if u.Data == nil {
		u.Data = []ledger.Sum{}
	}
	for i := range sums {
		addSum(&u.Total, &sums[i])
	}
	return u
}

// addSum adds the counts of a group to those of a wider one.
func addSum(total, s *ledger.Sum) {
	total.Requests += s.Requests
	total.Failed += s.Failed
	total.Attempts += s.Attempts
	total.Tokens.Add(&s.Tokens)
	total.Cost += s.Cost
	total.Unpriced += s.Unpriced
	total.Estimated += s.Estimated
}

// writeSums answers with a table in CSV, with a column for each group and each count.
func (x *exchange) writeSums(by []ledger.Group, sums []ledger.Sum) error {
	x.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	x.w.Header().Set("Content-Disposition", `attachment; filename="usage.csv"`)
	var head []string
	for _, group := range by {
		head = append(head, string(group))
	}
	table := csv.NewWriter(x.w)
	_ = table.Write(append(head, "requests", "failed", "attempts", "input", "cache_read", "cache_write_5m", "cache_write_1h",
		"output", "reasoning", "audio_input", "image_input", "audio_output", "image_output", "cost", "unpriced", "estimated"))
	for i := range sums {
		_ = table.Write(append(groupCells(by, &sums[i]), countCells(&sums[i])...))
	}
	table.Flush()
	return nil // an error is that of a client that is gone
}

func groupCells(by []ledger.Group, s *ledger.Sum) []string {
	values := map[ledger.Group]string{ledger.ByDay: s.Day, ledger.ByTenant: s.Tenant, ledger.ByKey: s.Key, ledger.ByModel: s.Model, ledger.ByProvider: s.Provider}
	var cells []string
	for _, group := range by {
		cells = append(cells, inert(values[group]))
	}
	return cells
}

func countCells(s *ledger.Sum) []string {
	t := &s.Tokens
	var cells []string
	for _, n := range []int64{s.Requests, s.Failed, s.Attempts, t.Input, t.CacheRead, t.CacheWrite5m, t.CacheWrite1h,
		t.Output, t.Reasoning, t.AudioInput, t.ImageInput, t.AudioOutput, t.ImageOutput} {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	return append(cells, s.Cost.String(), strconv.FormatInt(s.Unpriced, 10), strconv.FormatInt(s.Estimated, 10))
}

// inert keeps a spreadsheet from taking a client's word for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
