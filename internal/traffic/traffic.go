// Package traffic reads recorded exchanges with real providers, which stand outside of
// the repository. Tests that need them are skipped by name where they are absent.
package traffic

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"
)

// Exchange is one recorded request and its answer.
type Exchange struct {
	ID       string   `json:"id"`
	Provider string   `json:"provider"`
	API      string   `json:"api"`
	Model    string   `json:"model"`
	Stream   bool     `json:"stream"`
	Features []string `json:"features"`
	Capture  string   `json:"capture"`
	Note     string   `json:"note"`
	Request  *struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Response struct {
		Status     int               `json:"status"`
		Headers    map[string]string `json:"headers"`
		BodyKind   string            `json:"body_kind"`
		Body       json.RawMessage   `json:"body"`
		ChunkSizes []int             `json:"chunk_sizes"`
		Leading    json.RawMessage   `json:"leading_whitespace"`
	} `json:"response"`
	Conversation struct {
		ID    string `json:"id"`
		Turn  int    `json:"turn"`
		Turns int    `json:"turns"`
	} `json:"conversation"`
}

// Has reports whether the exchange has a feature.
func (e *Exchange) Has(feature string) bool {
	for _, f := range e.Features {
		if f == feature {
			return true
		}
	}
	return false
}

// Answer is the answer's body as it was received.
func (e *Exchange) Answer() []byte {
	var text string
	if json.Unmarshal(e.Response.Body, &text) == nil {
		return []byte(text)
	}
	var lead string
	_ = json.Unmarshal(e.Response.Leading, &lead)
	return append([]byte(lead), e.Response.Body...)
}

// Dir is the folder of the recordings: XJP_TRAFFIC, or ../shared/traffic beside the
// checkout; "" if there is none.
func Dir() string {
	if dir := os.Getenv("XJP_TRAFFIC"); dir != "" {
		return dir
	}
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "traffic")
	if _, err := os.Stat(filepath.Join(dir, "INDEX.tsv")); err != nil {
		return ""
	}
	return dir
}

// sample is of how many exchanges one is played under -short: the race detector makes
// each several times slower.
const sample = 10

// Load reads all exchanges of the given APIs, in the order of their ids; under -short a
// sample of them.
func Load(t testing.TB, apis ...string) []*Exchange {
	t.Helper()
	dir := Dir()
	if dir == "" {
		t.Skip("no recorded traffic: neither XJP_TRAFFIC nor ../shared/traffic is there")
	}
	wanted := map[string]bool{}
	for _, api := range apis {
		wanted[api] = true
	}
	var list []*Exchange
	found := 0
	for _, row := range index(t, dir) {
		if !wanted[row.api] {
			continue
		}
		if found++; testing.Short() && found%sample != 0 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, row.provider, row.id+".json"))
		if err != nil {
			t.Fatal(err)
		}
		e := &Exchange{}
		if err := json.Unmarshal(data, e); err != nil {
			t.Fatalf("%s: %v", row.id, err)
		}
		e.ID, e.Provider, e.API = row.id, row.provider, row.api
		list = append(list, e)
	}
	if testing.Short() {
		t.Logf("a sample of %d in %d exchanges, for -short is set", len(list), found)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

type row struct{ id, provider, api string }

func index(t testing.TB, dir string) []row {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for i, line := range strings.Split(string(data), "\n") {
		if columns := strings.Split(line, "\t"); i > 0 && len(columns) > 3 {
			rows = append(rows, row{columns[0], columns[1], columns[2]})
		}
	}
	return rows
}
