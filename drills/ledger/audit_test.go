package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

// scene is a ledger, and what client and provider know, of one call that was served whole.
type scene struct {
	call     *call
	services []*service
	records  []ledger.Record
}

func newScene() *scene {
	s := &service{number: 3, wire: chat, status: 200, told: true}
	r := ledger.Record{ID: "req_1", Session: "drill-one-1", Tenant: "acme", Key: "k", Status: 200, End: ledger.Complete, Attempts: []ledger.Attempt{
		{Number: 1, Status: 200, End: ledger.Complete, Tokens: s.tokens(), Cost: s.cost(), Raw: s.usage(chat)},
	}}
	r.Sum()
	return &scene{
		call:     &call{id: "drill-one-1", client: &client{name: "one", tenant: "acme", id: "k"}, status: 200, request: "req_1", ended: true},
		services: []*service{s}, records: []ledger.Record{r},
	}
}

// found is what an audit complains of.
func (s *scene) found() string {
	var wrong []string
	a := &audit{
		calls: map[string]*call{s.call.id: s.call}, records: s.records, services: func(string) []*service { return s.services },
		complain: func(format string, values ...any) { wrong = append(wrong, fmt.Sprintf(format, values...)) },
	}
	a.check()
	return strings.Join(wrong, "; ")
}

// TestAudit checks that a ledger that is right is found to be so, and that each way in which
// it can be wrong is noticed.
func TestAudit(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*scene)
		want   string // "" if nothing is wrong
	}{
		{"all is right", func(*scene) {}, ""},
		{"nobody knows of the call", func(s *scene) {
			s.records, s.services, s.call.status, s.call.ended = nil, nil, 0, false
		}, ""},
		{"a call that no answer came to is recorded all the same", func(s *scene) {
			s.call.status, s.call.request, s.call.ended = 0, "", false
		}, ""},
		{"an attempt that did not come to the provider", func(s *scene) {
			r := &s.records[0]
			r.Attempts = append(r.Attempts, ledger.Attempt{Number: 2, End: ledger.Lost, Estimated: true, Tokens: ledger.Tokens{Input: 9}})
			r.Sum()
			r.End, s.call.ended = ledger.Lost, false
		}, ""},
		{"the record is missing", func(s *scene) { s.records = nil }, "not in the ledger"},
		{"the record is missing, and no answer came", func(s *scene) { s.records, s.call.status, s.call.ended = nil, 0, false }, "not in the ledger"},
		{"the record is there twice", func(s *scene) { s.records = append(s.records, s.records[0]) }, "twice"},
		{"two records", func(s *scene) {
			s.records = append(s.records, s.records[0])
			s.records[1].ID = "req_2"
		}, "2 records"},
		{"a record of nobody", func(s *scene) {
			s.records = append(s.records, ledger.Record{ID: "req_9", Session: "drill-one-9"})
		}, "no call that was made"},
		{"another id", func(s *scene) { s.call.request = "req_7" }, "another id"},
		{"another key", func(s *scene) { s.records[0].Key = "other" }, "put down to"},
		{"a whole answer is lost", func(s *scene) { s.records[0].End = ledger.Lost }, "whole answer"},
		{"another status", func(s *scene) { s.call.status, s.call.ended = 502, false }, "was told 502"},
		{"an attempt is missing", func(s *scene) { s.services = append(s.services, &service{number: 4}) }, "saw 2 calls"},
		{"an attempt too many", func(s *scene) {
			r := &s.records[0]
			r.Attempts = append(r.Attempts, ledger.Attempt{Number: 2, Status: 500, End: ledger.UpstreamBroken})
		}, "2 that were answered"},
		{"one call is two attempts", func(s *scene) {
			r := &s.records[0]
			r.Attempts = append(r.Attempts, r.Attempts[0])
			r.Attempts[1].Number = 2
			r.Sum()
			s.services = append(s.services, &service{number: 4})
		}, "is two attempts"},
		{"too many tokens", func(s *scene) {
			s.records[0].Attempts[0].Tokens.Output++
			s.records[0].Sum()
		}, "a call used"},
		{"another cost", func(s *scene) {
			s.records[0].Attempts[0].Cost++
			s.records[0].Sum()
		}, "a call used"},
		{"the usage of another call", func(s *scene) { s.records[0].Attempts[0].Raw = (&service{number: 8}).usage(chat) }, "usage of another call"},
		{"the provider never told", func(s *scene) { s.services[0].told = false }, "never told"},
		{"a sum that is none", func(s *scene) { s.records[0].Cost++ }, "not the sum"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene()
			test.change(s)
			if got := s.found(); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("complains of %q, want %q", got, test.want)
			}
		})
	}
}
