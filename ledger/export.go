package ledger

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// All gives the records that a filter chooses, page by page, the latest first. After an
// error it ends.
func All(ctx context.Context, store Store, f Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for {
			page, next, err := store.Records(ctx, f)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page {
				if !yield(&page[i], nil) {
					return
				}
			}
			if next == "" {
				return
			}
			f.After = next
		}
	}
}

// WriteJSONLines writes each record as one line of JSON.
func WriteJSONLines(w io.Writer, records iter.Seq2[*Record, error]) error {
	e := json.NewEncoder(w)
	for r, err := range records {
		if err == nil {
			err = e.Encode(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// column is one of a table of records: its name and what is in it.
type column struct {
	name string
	cell func(*Record) string
}

// columns are those of the table. Names and their order are for good; new ones come behind.
var columns = []column{
	{"id", func(r *Record) string { return text(r.ID) }},
	{"time", func(r *Record) string { return r.Time.UTC().Format(time.RFC3339Nano) }},
	{"tenant", func(r *Record) string { return text(r.Tenant) }},
	{"key", func(r *Record) string { return text(r.Key) }},
	{"endpoint", func(r *Record) string { return text(r.Endpoint) }},
	{"dialect", func(r *Record) string { return text(r.Dialect) }},
	{"model", func(r *Record) string { return text(r.Model) }},
	{"session", func(r *Record) string { return text(r.Session) }},
	{"stream", func(r *Record) string { return strconv.FormatBool(r.Stream) }},
	{"status", func(r *Record) string { return strconv.Itoa(r.Status) }},
	{"end", func(r *Record) string { return text(string(r.End)) }},
	{"error", func(r *Record) string { return text(r.Error) }},
	{"route", func(r *Record) string { return text(r.Route) }},
	{"provider", func(r *Record) string { return text(r.Provider) }},
	{"upstream_model", func(r *Record) string { return text(r.Upstream) }},
	{"attempts", func(r *Record) string { return strconv.Itoa(len(r.Attempts)) }},
	{"input_tokens", func(r *Record) string { return count(r.Tokens.Input) }},
	{"cache_read_tokens", func(r *Record) string { return count(r.Tokens.CacheRead) }},
	{"cache_write_5m_tokens", func(r *Record) string { return count(r.Tokens.CacheWrite5m) }},
	{"cache_write_1h_tokens", func(r *Record) string { return count(r.Tokens.CacheWrite1h) }},
	{"output_tokens", func(r *Record) string { return count(r.Tokens.Output) }},
	{"reasoning_tokens", func(r *Record) string { return count(r.Tokens.Reasoning) }},
	{"audio_input_tokens", func(r *Record) string { return count(r.Tokens.AudioInput) }},
	{"image_input_tokens", func(r *Record) string { return count(r.Tokens.ImageInput) }},
	{"audio_output_tokens", func(r *Record) string { return count(r.Tokens.AudioOutput) }},
	{"image_output_tokens", func(r *Record) string { return count(r.Tokens.ImageOutput) }},
	{"cost_usd", func(r *Record) string { return r.Cost.String() }},
	{"price_versions", func(r *Record) string { return text(priceVersions(r)) }},
	{"estimated", func(r *Record) string { return strconv.FormatBool(r.Estimated) }},
	{"unpriced", func(r *Record) string { return strconv.FormatBool(r.Unpriced) }},
	{"replayed", func(r *Record) string { return strconv.FormatBool(r.Replayed) }},
	{"latency_ms", func(r *Record) string { return count(r.Latency) }},
	{"first_token_ms", func(r *Record) string { return count(r.FirstToken) }},
	{"losses", func(r *Record) string { return text(r.Losses) }},
}

// WriteCSV writes a table as RFC 4180 has it: a row of names, and one for each record. A cell
// that a spreadsheet would take for a formula begins with an apostrophe.
func WriteCSV(w io.Writer, records iter.Seq2[*Record, error]) error {
	table := csv.NewWriter(w)
	table.UseCRLF = true
	row := make([]string, len(columns))
	for i := range columns {
		row[i] = columns[i].name
	}
	if err := table.Write(row); err != nil {
		return err
	}
	for r, err := range records {
		if err != nil {
			table.Flush()
			return err
		}
		for i := range columns {
			row[i] = columns[i].cell(r)
		}
		if err := table.Write(row); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// text is a cell that others than the gateway may have written.
func text(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// priceVersions are those that the attempts were billed with, each once.
func priceVersions(r *Record) string {
	var list []string
	seen := map[string]bool{"": true}
	for i := range r.Attempts {
		if v := r.Attempts[i].Price; !seen[v] {
			list, seen[v] = append(list, v), true
		}
	}
	return strings.Join(list, " ")
}
