package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// audit compares the ledger with what clients and the provider know.
type audit struct {
	calls    map[string]*call
	services func(id string) []*service
	records  []ledger.Record
	// excused says of an answered call that it may be without a record.
	excused  func(*call) bool
	complain func(format string, values ...any)

	served, attempts, complete, lost, estimated, missing int
}

// check compares call by call.
func (a *audit) check() {
	byCall, ids := map[string][]*ledger.Record{}, map[string]bool{}
	for i := range a.records {
		r := &a.records[i]
		if ids[r.ID] {
			a.complain("a request id is in the ledger twice")
		}
		ids[r.ID] = true
		if a.calls[r.Session] == nil {
			a.complain("a record is of no call that was made: %s of session %q", r.ID, r.Session)
		}
		byCall[r.Session] = append(byCall[r.Session], r)
	}
	for id, c := range a.calls {
		a.checkCall(c, byCall[id], a.services(id))
	}
}

// checkCall checks that a call has one record, if anybody knows of it.
func (a *audit) checkCall(c *call, records []*ledger.Record, services []*service) {
	a.served += len(services)
	switch {
	case len(records) > 1:
		a.complain("a call has %d records", len(records))
	case len(records) == 1:
		a.checkRecord(c, records[0], services)
	case len(services) == 0 && c.status == 0:
	case a.excused != nil && a.excused(c):
		a.missing++
	default:
		a.complain("a call is not in the ledger: its client got %d, whole %t, the provider saw %d calls", c.status, c.ended, len(services))
	}
}

// checkRecord compares a record with what the client and the provider know of the call.
func (a *audit) checkRecord(c *call, r *ledger.Record, services []*service) {
	switch {
	case c.request != "" && c.request != r.ID:
		a.complain("a record has another id than the client was told")
	case r.Key != c.client.id || r.Tenant != c.client.tenant:
		a.complain("a record of %s is put down to the key %q of %q", c.client.name, r.Key, r.Tenant)
	case c.ended && r.End != ledger.Complete:
		a.complain("a client got a whole answer, and the record says %s", r.End)
	case c.status >= 400 && r.Status != c.status:
		a.complain("a client was told %d, and the record says %d, %s", c.status, r.Status, r.End)
	case r.End == ledger.Complete && r.Status != 200:
		a.complain("a complete record with the status %d", r.Status)
	}
	if r.End == ledger.Lost {
		a.lost++
	}
	if r.Estimated {
		a.estimated++
	}
	a.checkAttempts(r, services)
	again := *r
	again.Sum()
	if again.Tokens != r.Tokens || again.Cost != r.Cost || again.Estimated != r.Estimated {
		a.complain("a record is not the sum of its attempts")
	}
}

// checkAttempts compares the attempts of a record with the calls that the provider saw.
func (a *audit) checkAttempts(r *ledger.Record, services []*service) {
	a.attempts += len(r.Attempts)
	if len(r.Attempts) < len(services) {
		a.complain("the provider saw %d calls, and the record, which is %s, has %d attempts", len(services), r.End, len(r.Attempts))
	}
	met, unseen := map[int64]bool{}, 0
	for i := range r.Attempts {
		at := &r.Attempts[i]
		switch {
		case at.Number != i+1:
			a.complain("attempt %d has the number %d", i+1, at.Number)
		case at.End == ledger.Complete:
			a.complete++
			a.checkUsage(at, services, met)
		case at.Status == 0:
			unseen++
		}
		if at.End == ledger.Lost && !at.Estimated {
			a.complain("a lost attempt is not said to be an estimate")
		}
	}
	if len(r.Attempts)-unseen > len(services) {
		a.complain("the provider saw %d calls, and the record, which is %s, has %d that were answered", len(services), r.End, len(r.Attempts)-unseen)
	}
}

var markOf = regexp.MustCompile(`"service":"<(\d+)>"`)

// checkUsage checks that a complete attempt has the tokens and the cost of just one call.
func (a *audit) checkUsage(at *ledger.Attempt, services []*service, met map[int64]bool) {
	found := markOf.FindStringSubmatch(at.Raw)
	if found == nil {
		a.complain("a complete attempt has not the provider's usage: %.100q", at.Raw)
		return
	}
	number, _ := strconv.ParseInt(found[1], 10, 64)
	if met[number] {
		a.complain("one call to the provider is two attempts")
	}
	met[number] = true
	for _, s := range services {
		if s.number != number {
			continue
		}
		if at.Estimated || at.Unpriced || at.Tokens != s.tokens() || at.Cost != s.cost() {
			a.complain("a call used %+v for %s, and the attempt says %+v, %s, estimated %t", s.tokens(), s.cost(), at.Tokens, at.Cost, at.Estimated)
		}
		if !s.told {
			a.complain("an attempt is complete, though its usage was never told")
		}
		return
	}
	a.complain("an attempt has the usage of another call")
}

// String tells what was found.
func (a *audit) String() string {
	text := fmt.Sprintf("%d requests were made and %d are in the ledger, of which %d were lost with their process and %d are estimated; the provider saw %d calls, there are %d attempts, %d of them complete",
		len(a.calls), len(a.records), a.lost, a.estimated, a.served, a.attempts, a.complete)
	if a.missing > 0 {
		text += fmt.Sprintf("; %d were answered and not recorded, as was to be expected", a.missing)
	}
	return text
}

// audit waits until all that was recorded is stored, and compares the ledger, as a node tells
// it, with a crowd's calls.
func (b *bench) audit(n *node, c *crowd, excused func(*call) bool) (*audit, error) {
	a := &audit{calls: c.calls, services: b.provider.served, excused: excused, complain: b.complain}
	for _, one := range b.nodes {
		if err := one.flush(); err != nil {
			return nil, err
		}
	}
	var err error
	if a.records, err = n.records(); err != nil {
		return nil, err
	}
	a.check()
	fmt.Println(a)
	return a, b.checkSums(n, a.records)
}

// flush waits until a node that runs has stored all that it has recorded.
func (n *node) flush() (err error) {
	if n.Server == nil {
		return nil
	}
	if !waitFor(patience, func() bool {
		var pending float64
		pending, err = n.metric("caddy_xjp_ledger_pending_records")
		return err == nil && pending == 0 && n.get("/xjp/requests?limit=1", &page[ledger.Record]{}) == nil
	}) {
		return errors.Join(errors.New("the journal does not come to be empty"), err)
	}
	return nil
}

// page is a page of a list of the admin API.
type page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next"`
}

// records reads all records of the ledger.
func (n *node) records() (all []ledger.Record, err error) {
	for after := ""; ; {
		var p page[ledger.Record]
		if err := n.get("/xjp/requests?limit=1000&after="+after, &p); err != nil {
			return nil, err
		}
		all = append(all, p.Data...)
		if after = p.Next; after == "" {
			return all, nil
		}
	}
}

// sums are what the requests of a key used on a day.
type sums struct {
	requests, attempts, estimated int64
	tokens                        ledger.Tokens
	cost                          prices.Amount
}

// checkSums checks that the sums by day and key are those of the records.
func (b *bench) checkSums(n *node, records []ledger.Record) error {
	want := map[string]sums{}
	for i := range records {
		r := &records[i]
		group := r.Time.UTC().Format("2006-01-02") + " " + r.Key
		s := want[group]
		s.requests++
		s.attempts += int64(len(r.Attempts))
		s.tokens.Add(&r.Tokens)
		s.cost += r.Cost
		if r.Estimated {
			s.estimated++
		}
		want[group] = s
	}
	var usage struct{ Data []ledger.Sum }
	if err := n.get("/xjp/usage?since=7d&by=day,key", &usage); err != nil {
		return err
	}
	for _, u := range usage.Data {
		group := u.Day + " " + u.Key
		if got := (sums{u.Requests, u.Attempts, u.Estimated, u.Tokens, u.Cost}); got != want[group] {
			b.complain("the sums of %s are %+v, and those of the records %+v", group, got, want[group])
		}
		delete(want, group)
	}
	if len(want) > 0 {
		b.complain("there are no sums of %d days and keys", len(want))
	}
	return nil
}
