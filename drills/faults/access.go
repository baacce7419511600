package main

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
)

// accessRecord is what is looked at of a record of the access log.
type accessRecord struct {
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
	mu    sync.Mutex
	lines map[string][]accessRecord
}

// follow reads the access log while it is written.
func (l *accessLog) follow(r io.Reader) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var a accessRecord
		if json.Unmarshal(in.Bytes(), &a) == nil && a.Model != "" {
			l.mu.Lock()
			l.lines[a.Model] = append(l.lines[a.Model], a)
			l.mu.Unlock()
		}
	}
}

// of gives the records of a model.
func (l *accessLog) of(model string) []accessRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[model]
}

// await waits until a model has a record, and gives all that it has then.
func (l *accessLog) await(model string) []accessRecord {
	waitFor(patience, func() bool { return len(l.of(model)) > 0 })
	return l.of(model)
}

// settled adds up the usage of all records.
func (l *accessLog) settled() (sum usage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range l.lines {
		for _, a := range list {
			sum.Input += a.Input
			sum.Output += a.Output
		}
	}
	return sum
}
