package main

import "testing"

// TestAccessLog: records are taken as they come, in pieces of any size, and what is no
// record of a request for an answer is passed over.
func TestAccessLog(t *testing.T) {
	const text = `{"xjp_request_id":"a","xjp_model":"m","status":200,"xjp_input_tokens":12,"xjp_output_tokens":3}
{"status":200}
no record
{"xjp_request_id":"b","xjp_model":"m","status":502,"xjp_error":"upstream"}
{"xjp_request_id":"a","xjp_model":"n","status":200,"xjp_input_tokens":1}
`
	for size := 1; size <= len(text); size += 7 {
		l := accessLog{records: map[string][]accessRecord{}}
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			l.Write([]byte(rest[:min(size, len(rest))]))
		}
		if len(l.of("m")) != 2 || len(l.of("n")) != 1 || len(l.byID()["a"]) != 2 || l.of("m")[1].Status != 502 {
			t.Fatalf("in pieces of %d: %+v", size, l.records)
		}
		if sum := l.settled(); sum != (usage{13, 3}) {
			t.Errorf("in pieces of %d: %+v are settled", size, sum)
		}
	}
}
