package main

import (
	"bytes"
	"encoding/json"
	"sync"
)

// accessRecord is what is looked at of a record of the access log.
type accessRecord struct {
	ID       string `json:"xjp_request_id"`
	Model    string `json:"xjp_model"`
	Provider string `json:"xjp_provider"`
	Status   int    `json:"status"`
	Attempts int    `json:"xjp_attempts"`
	Error    string `json:"xjp_error"`
	Gone     bool   `json:"xjp_client_gone"`
	usage
}

// usage is what was settled, in tokens.
type usage struct {
	Input  int `json:"xjp_input_tokens"`
	Output int `json:"xjp_output_tokens"`
}

// accessLog holds the records of the access log, by model.
type accessLog struct {
	mu      sync.Mutex
	begun   []byte // of a line
	records map[string][]accessRecord
}

// Write takes the access log while it is written.
func (l *accessLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = append(l.begun, p...)
	for {
		line, rest, ended := bytes.Cut(l.begun, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		l.add(line)
		l.begun = append(l.begun[:0], rest...)
	}
}

func (l *accessLog) add(line []byte) {
	var a accessRecord
	if json.Unmarshal(line, &a) == nil && a.Model != "" {
		l.records[a.Model] = append(l.records[a.Model], a)
	}
}

// of gives the records of a model.
func (l *accessLog) of(model string) []accessRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.records[model]
}

// await waits until a model has a record, and gives all that it has then.
func (l *accessLog) await(model string) []accessRecord {
	waitFor(patience, func() bool { return len(l.of(model)) > 0 })
	return l.of(model)
}

// byID gives the records of all models, by the request's id.
func (l *accessLog) byID() map[string][]accessRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string][]accessRecord{}
	for _, list := range l.records {
		for _, a := range list {
			found[a.ID] = append(found[a.ID], a)
		}
	}
	return found
}

// settled adds up the usage of all records.
func (l *accessLog) settled() (sum usage) {
	for _, list := range l.byID() {
		for _, a := range list {
			sum.Input += a.Input
			sum.Output += a.Output
		}
	}
	return sum
}
