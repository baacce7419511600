package ledger

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// pages is a store that gives records in pages of two, and fails behind some.
type pages struct {
	Store
	records []Record
	fails   int // at this page; 0 is never
	asked   []Filter
}

func (p *pages) Records(_ context.Context, f Filter) ([]Record, string, error) {
	p.asked = append(p.asked, f)
	if len(p.asked) == p.fails {
		return nil, "", errGone
	}
	from, _ := strconv.Atoi(f.After)
	to := min(from+2, len(p.records))
	if to == len(p.records) {
		return p.records[from:to], "", nil
	}
	return p.records[from:to], strconv.Itoa(to), nil
}

// fiveRecords are some with all that a table must cope with.
func fiveRecords() []Record {
	list := make([]Record, 5)
	for i := range list {
		list[i] = *recordOf(numbered("r", 5)[i])
	}
	list[1].Model, list[1].Losses = `a "quoted", one`, "two\nlines"
	list[2].Model, list[2].Session, list[2].Key, list[2].Tenant, list[2].Error = "=1+1", "+49", "-1", "@SUM(A1)", "\t=1"
	list[3].Cost, list[3].Tenant, list[3].Model = -5, "Köln 漢", "a=b-c"
	list[4] = Record{ID: "empty", End: Rejected}
	return list
}

// TestCSV: a table has a row for each record of each page, and reads back as it was, but for
// what would be a formula.
func TestCSV(t *testing.T) {
	store := &pages{records: fiveRecords()}
	var out strings.Builder
	if err := WriteCSV(&out, All(t.Context(), store, Filter{Tenant: "acme"})); err != nil {
		t.Fatal(err)
	}
	if len(store.asked) != 3 || store.asked[2] != (Filter{Tenant: "acme", After: "4"}) {
		t.Errorf("asked for %+v", store.asked)
	}
	if !strings.HasPrefix(out.String(), "id,time,tenant,key,") || strings.Count(out.String(), "\r\n") < 6 {
		t.Errorf("the table is\n%s", out.String())
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	cell := func(row int, name string) string {
		for i := range columns {
			if columns[i].name == name {
				return rows[row][i]
			}
		}
		t.Fatalf("no column %s", name)
		return ""
	}
	for _, test := range []struct {
		row        int
		name, want string
	}{
		{1, "time", "2026-11-26T12:00:00Z"}, {1, "cost_usd", "0.0011"}, {1, "input_tokens", "90"}, {1, "cache_read_tokens", "10"},
		{1, "price_versions", "p1"}, {1, "attempts", "1"}, {1, "stream", "true"}, {1, "end", "complete"},
		{2, "model", `a "quoted", one`}, {2, "losses", "two\nlines"},
		{3, "model", "'=1+1"}, {3, "session", "'+49"}, {3, "key", "'-1"}, {3, "tenant", "'@SUM(A1)"}, {3, "error", "'\t=1"},
		{4, "cost_usd", "-0.000000005"}, {4, "tenant", "Köln 漢"}, {4, "model", "a=b-c"},
		{5, "id", "empty"}, {5, "attempts", "0"}, {5, "end", "rejected"},
	} {
		if got := cell(test.row, test.name); got != test.want {
			t.Errorf("%s of row %d is %q, want %q", test.name, test.row, got, test.want)
		}
	}
}

// TestJSONLines: each record is a line, and reads back as it was.
func TestJSONLines(t *testing.T) {
	records := fiveRecords()
	var out strings.Builder
	if err := WriteJSONLines(&out, All(t.Context(), &pages{records: records}, Filter{})); err != nil {
		t.Fatal(err)
	}
	i := 0
	for line := range strings.Lines(out.String()) {
		var got Record
		if err := json.Unmarshal([]byte(line), &got); err != nil || !reflect.DeepEqual(got, records[i]) {
			t.Errorf("line %d is %s, %v", i, line, err)
		}
		i++
	}
	if i != len(records) {
		t.Errorf("%d lines", i)
	}
}

// TestExportFails: an error of the store, or of who reads, ends an export and is told.
func TestExportFails(t *testing.T) {
	for name, write := range map[string]func(*strings.Builder, *pages) error{
		"csv":  func(w *strings.Builder, p *pages) error { return WriteCSV(w, All(t.Context(), p, Filter{})) },
		"json": func(w *strings.Builder, p *pages) error { return WriteJSONLines(w, All(t.Context(), p, Filter{})) },
	} {
		var out strings.Builder
		store := &pages{records: fiveRecords(), fails: 2}
		if err := write(&out, store); !errors.Is(err, errGone) || len(store.asked) != 2 || !strings.Contains(out.String(), "r-0001") {
			t.Errorf("%s: %v after %q", name, err, out.String())
		}
	}
	if err := WriteCSV(brokenPipe{}, All(t.Context(), &pages{records: fiveRecords()}, Filter{})); !errors.Is(err, errGone) {
		t.Errorf("csv: %v", err)
	}
	if err := WriteJSONLines(brokenPipe{}, All(t.Context(), &pages{records: fiveRecords()}, Filter{})); !errors.Is(err, errGone) {
		t.Errorf("json: %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errGone }
