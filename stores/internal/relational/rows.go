package relational

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// Rows are rows for a table. The first columns are its key.
type Rows struct {
	Table   string
	Keys    int
	Columns []Column
	Count   int
}

// Column is one column of rows.
type Column struct {
	Name string
	Kind Kind
	// At gives the value of a row as its kind has it.
	At func(row int) any
}

// Kind is the kind of a column's values.
type Kind int

// The kinds: strings, int64, time.Time, and a string that is JSON.
const (
	Text Kind = iota
	Number
	Time
	JSON
)

// Into is the beginning of a statement that adds rows.
func (r *Rows) Into() string {
	names := make([]string, len(r.Columns))
	for i := range r.Columns {
		names[i] = r.Columns[i].Name
	}
	return "INSERT INTO " + r.Table + " (" + strings.Join(names, ", ") + ") "
}

// Skipping is the end of a statement that passes over rows whose keys are there.
func (r *Rows) Skipping() string { return " ON CONFLICT (" + r.key() + ") DO NOTHING" }

// Accumulating is the end of a statement that adds numbers to those there.
func (r *Rows) Accumulating() string {
	sets := make([]string, 0, len(r.Columns))
	for _, c := range r.Columns[r.Keys:] {
		sets = append(sets, fmt.Sprintf("%s = %s.%[1]s + excluded.%[1]s", c.Name, r.Table))
	}
	return " ON CONFLICT (" + r.key() + ") DO UPDATE SET " + strings.Join(sets, ", ")
}

func (r *Rows) key() string {
	names := make([]string, r.Keys)
	for i := range names {
		names[i] = r.Columns[i].Name
	}
	return strings.Join(names, ", ")
}

// field is a column that holds a field of a record or a sum, to which it gives a pointer.
type field[T any] struct {
	name string
	kind Kind
	of   func(*T) any
}

// rowsOf makes rows of records or sums.
func rowsOf[T any](table string, keys int, fields []field[T], list []*T) *Rows {
	r := &Rows{Table: table, Keys: keys, Columns: make([]Column, len(fields)), Count: len(list)}
	var scratch []byte
	for i, f := range fields {
		r.Columns[i] = Column{Name: f.name, Kind: f.kind, At: func(row int) any { return value(f.of(list[row]), &scratch) }}
	}
	return r
}

// names are the names of fields as a statement lists them.
func names[T any](fields []field[T]) string {
	list := make([]string, len(fields))
	for i := range fields {
		list[i] = fields[i].name
	}
	return strings.Join(list, ", ")
}

// targets are pointers for a scanner into the fields of a record or a sum.
func targets[T any](fields []field[T], of *T) []any {
	list := make([]any, len(fields))
	for i := range fields {
		list[i] = target(fields[i].of(of))
	}
	return list
}

// value is what a pointer to a field of a kept record points to, as a database takes it.
// Documents are built in scratch.
func value(pointer any, scratch *[]byte) any {
	switch p := pointer.(type) {
	case *string:
		return *p
	case *ledger.End:
		return string(*p)
	case *int64:
		return *p
	case *prices.Amount:
		return int64(*p)
	case *time.Time:
		return exact(*p)
	case *ledger.Record:
		*scratch = AppendDocument((*scratch)[:0], p)
		return string(*scratch)
	}
	panic(fmt.Sprintf("relational: a field of the type %T", pointer))
}

// target is what a scanner can read a field into.
func target(pointer any) any {
	switch p := pointer.(type) {
	case *time.Time:
		return (*moment)(p)
	case *ledger.Record:
		return document{p}
	}
	return pointer
}

// exact is a time as it is kept.
func exact(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// The most bytes of a short text and of a long one. Short ones may be in an index, and
// PostgreSQL takes no more than 2,700 bytes of a row's together.
const (
	longest     = 512
	longestLong = 8192
)

// clean makes a short text one that every database takes: what clients say of themselves
// may be anything.
func clean(text string) string { return cleanTo(longest, text) }

func cleanTo(longest int, text string) string {
	if len(text) > longest {
		text = text[:longest]
	}
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// isClean says that a text can be an id.
func isClean(text string) bool { return clean(text) == text }

// moment reads a time: a number of microseconds or a timestamp.
type moment time.Time

// Scan implements sql.Scanner.
func (m *moment) Scan(from any) error {
	switch v := from.(type) {
	case int64:
		*m = moment(time.UnixMicro(v).UTC())
	case time.Time:
		*m = moment(v.UTC())
	default:
		return fmt.Errorf("no time: %T", from)
	}
	return nil
}

// optional reads a time that may not be there.
type optional struct{ into **time.Time }

// Scan implements sql.Scanner.
func (o optional) Scan(from any) error {
	*o.into = nil
	if from == nil {
		return nil
	}
	var m moment
	if err := m.Scan(from); err != nil {
		return err
	}
	*o.into = (*time.Time)(&m)
	return nil
}

// document is a column that holds JSON, of what it points to.
type document struct{ of any }

// Value implements driver.Valuer.
func (d document) Value() (driver.Value, error) {
	text, err := json.Marshal(d.of)
	return string(text), err
}

// Scan implements sql.Scanner.
func (d document) Scan(from any) error {
	switch v := from.(type) {
	case string:
		return json.Unmarshal([]byte(v), d.of)
	case []byte:
		return json.Unmarshal(v, d.of)
	}
	return fmt.Errorf("no JSON: %T", from)
}
