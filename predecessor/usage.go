package predecessor

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// The versions of price of what is carried over. Where the predecessor took money for
// reasoning, it took it twice, as reasoning is a part of the answer already: the figure is
// kept, since that is what was billed, and told apart.
const (
	PriceImported      = "predecessor"
	PriceTwiceReasoned = "predecessor:reasoning-twice"
)

// recordOf makes the account of a request out of what the predecessor wrote.
func recordOf(r request) (*ledger.Record, error) {
	about, id := r.about()
	if about.text("id") == "" {
		return nil, errors.New("it has no id")
	}
	at, err := about.moment("created_at")
	if err != nil {
		return nil, err
	}
	if at == nil {
		return nil, errors.New("it has no time")
	}
	rec := &ledger.Record{ID: id, Time: *at, Key: about.text("api_key_id"), Endpoint: "generate",
		Model: about.text("logical_model", "model"), Stream: about.isTrue("stream", "is_stream", "streaming")}
	if rec.Key != "" || about.text("tenant_id") != "" {
		rec.Tenant = tenantID(about.text("tenant_id"))
	}
	if rec.Latency, err = about.count("response_time_ms", "response_time", "latency_ms"); err != nil {
		return nil, err
	}
	rec.Status, rec.End = endOf(about)
	if rec.End != ledger.Complete {
		rec.Error = "upstream"
	}
	if err := r.addAttempts(rec); err != nil {
		return nil, err
	}
	rec.Sum()
	last := &rec.Attempts[len(rec.Attempts)-1]
	rec.Provider, rec.Upstream = last.Provider, last.Upstream
	return rec, nil
}

// about gives all that is told of a request as a whole, and the id of its record.
func (r request) about() (row, string) {
	if r.usage == nil {
		return r.billing[0], recordID(tableBilling, r.billing[0].text("id"))
	}
	about := r.usage
	for _, b := range r.billing {
		about = about.over(b)
	}
	return about, recordID(tableUsage, r.usage.text("id"))
}

// recordID names a record by the entry that it is made of. Ids that are no UUIDs are those of
// one table alone.
func recordID(table, id string) string {
	if len(id) == 36 && strings.Count(id, "-") == 4 {
		return "import_" + id
	}
	return "import_" + table + "_" + id
}

// addAttempts adds an attempt for each entry of money. What only the log of usage tells
// belongs to the first of them.
func (r request) addAttempts(rec *ledger.Record) error {
	entries := r.billing
	if len(entries) == 0 {
		entries = []row{{}}
	}
	for i, entry := range entries {
		if i == 0 {
			entry = entry.over(r.usage)
		}
		a, err := attemptOf(entry)
		if err != nil {
			return err
		}
		a.Number, a.Status, a.End, a.Error, a.Latency = i+1, rec.Status, rec.End, rec.Error, rec.Latency
		rec.Attempts = append(rec.Attempts, *a)
	}
	return nil
}

// attemptOf makes the account of a call to a provider.
func attemptOf(r row) (*ledger.Attempt, error) {
	a := &ledger.Attempt{Provider: strings.ToLower(r.text("provider")), Upstream: r.text("provider_model_id", "provider_model")}
	var err error
	if a.Tokens, a.Raw, err = tokensOf(r); err != nil {
		return nil, err
	}
	cost, found, err := costOf(r)
	if err != nil {
		return nil, err
	}
	if !found {
		a.Unpriced = a.Tokens.Total() > 0
		return a, nil
	}
	a.Cost, a.Priced, a.Price = cost, cost, PriceImported
	if reasoning, _, err := r.amount("internal_reasoning_cost", "reasoning_cost"); err != nil {
		return nil, err
	} else if reasoning > 0 {
		a.Price = PriceTwiceReasoned
	}
	return a, nil
}

// tokenColumns are the predecessor's counts: tokens from a cache are a part of the prompt,
// and reasoning is a part of the answer.
var tokenColumns = []string{"prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens"}

// tokensOf reads the counts of tokens, also as they were written.
func tokensOf(r row) (t ledger.Tokens, raw string, err error) {
	var n [4]int64
	written := map[string]int64{}
	for i, column := range tokenColumns {
		if n[i], err = r.count(column); err != nil {
			return t, "", err
		}
		if r.get(column) != nil {
			written[column] = n[i]
		}
	}
	prompt, completion, cached, reasoning := n[0], n[1], n[2], n[3]
	t.CacheRead = min(cached, prompt)
	t.Input = prompt - t.CacheRead
	t.Output, t.Reasoning = completion, min(reasoning, completion)
	if len(written) > 0 {
		data, err := json.Marshal(written)
		return t, string(data), err
	}
	return t, "", nil
}

// costColumns are the parts of a cost, for tables without a total.
var costColumns = []string{"prompt_cost", "cache_read_cost", "completion_cost", "internal_reasoning_cost", "reasoning_cost", "request_cost"}

// costOf reads what a request has cost; found is false if that is not written.
func costOf(r row) (total prices.Amount, found bool, err error) {
	if total, found, err = r.amount("total_cost", "cost"); found || err != nil {
		return total, found, err
	}
	for _, column := range costColumns {
		part, has, err := r.amount(column)
		if err != nil {
			return 0, false, err
		}
		total, found = total+part, found || has
	}
	return total, found, nil
}

// endOf tells from an HTTP status or a word how a request ended. The text of an error is not
// carried over, since it may quote a prompt.
func endOf(r row) (status int, end ledger.End) {
	text := strings.ToLower(r.text("status_code", "http_status", "status"))
	if n, err := strconv.Atoi(text); err == nil && n >= 100 && n < 600 {
		if n < 400 {
			return n, ledger.Complete
		}
		return n, ledger.Refused
	}
	switch text {
	case "", "success", "succeeded", "successful", "complete", "completed", "ok", "settled", "paid":
		if r.text("error_message", "error") == "" {
			return 200, ledger.Complete
		}
	}
	return 0, ledger.Refused
}
