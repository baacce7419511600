package sse_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// trafficDir finds the recorded provider traffic: the directory that XJP_TRAFFIC
// names, or shared/traffic beside a directory above this one.
func trafficDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("XJP_TRAFFIC"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "..", "shared", "traffic")
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	t.Skip("recorded traffic is absent: no ../shared/traffic above this package, XJP_TRAFFIC is not set")
	return ""
}

// withoutBlankLines are recordings whose blank lines were taken out before they were
// published, so that each is one record of several JSON documents.
var withoutBlankLines = map[string]bool{"google/25dc8c4be06e-000.json": true}

// Every recorded stream parses, and into the same events whether it comes at once,
// in the pieces it came in (trap B17) or by byte.
func TestRecordedStreams(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(trafficDir(t), "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	streams := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte(`"sse"`)) {
			continue
		}
		var exchange struct {
			Response struct {
				BodyKind   string          `json:"body_kind"`
				Body       json.RawMessage `json:"body"`
				ChunkSizes []int           `json:"chunk_sizes"`
			} `json:"response"`
		}
		if err := json.Unmarshal(text, &exchange); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if exchange.Response.BodyKind != "sse" {
			continue
		}
		var body string
		if err := json.Unmarshal(exchange.Response.Body, &body); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		streams++
		checkRecording(t, filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), body, exchange.Response.ChunkSizes)
	}
	if streams == 0 {
		t.Fatal("no recorded stream found")
	}
}

func checkRecording(t *testing.T, name, body string, chunkSizes []int) {
	t.Helper()
	whole := collect(t, strings.NewReader(body), 0)
	requireSame(t, name+": reference", whole, reference(body))
	if chunkSizes != nil {
		requireSame(t, name+": as it came", collect(t, &chunked{text: body, sizes: chunkSizes}, 0), whole)
	}
	if len(body) < 20<<10 {
		requireSame(t, name+": by byte", collect(t, iotest.OneByteReader(strings.NewReader(body)), 0), whole)
	}
	events := 0
	for _, r := range whole {
		if !r.HasData {
			if !r.Comment {
				t.Errorf("%s: record without data: %q", name, r.Raw)
			}
			continue
		}
		events++
		if withoutBlankLines[name] {
			requireJSONLines(t, name, r.Data)
			continue
		}
		ev := sse.Event{Data: []byte(r.Data)}
		if !ev.Done() && !json.Valid(ev.Data) {
			t.Errorf("%s: data is no JSON: %.200q (cut: %v)", name, r.Data, r.Cut)
		}
	}
	if events == 0 {
		t.Errorf("%s: no event with data in %d bytes", name, len(body))
	}
}

func requireJSONLines(t *testing.T, name, data string) {
	t.Helper()
	for line := range strings.Lines(data) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%s: line is no JSON: %.200q", name, line)
		}
	}
}
