package docs

import (
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/predecessor"
)

// TestModelFile checks that the file of models that is shown becomes the Caddyfile that is
// shown.
func TestModelFile(t *testing.T) {
	page := read(t, "docs/predecessor.md")
	files, caddyfiles := page.blocks("toml"), page.blocks("caddyfile")
	if len(files) != 1 || len(caddyfiles) == 0 {
		t.Fatalf("there are %d files of models and %d Caddyfiles", len(files), len(caddyfiles))
	}
	got, losses, err := predecessor.Models([]byte(files[0].text))
	if err != nil || len(losses) > 0 {
		t.Fatal(err, losses)
	}
	if got != caddyfiles[0].text {
		t.Errorf("it becomes\n%s", got)
	}
}

// TestMetricsOfPredecessor checks that the metrics that take the place of the predecessor's
// are there.
func TestMetricsOfPredecessor(t *testing.T) {
	known, found := metrics(t), 0
	for _, l := range read(t, "docs/predecessor.md").lines {
		cells := strings.Split(strings.Trim(l.text, "|` "), "` | `")
		if len(cells) != 2 || !strings.HasPrefix(cells[1], "caddy_xjp_") {
			continue
		}
		found++
		if !slices.Contains(known, strings.TrimPrefix(cells[1], "caddy_xjp_")) {
			t.Errorf("there is no %s", cells[1])
		}
	}
	if found != 5 {
		t.Errorf("%d metrics are named", found)
	}
}
