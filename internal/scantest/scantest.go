// Package scantest parses JSON for tests.
package scantest

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Document parses a text, which must be JSON.
func Document(t testing.TB, text string) *scan.Doc {
	t.Helper()
	doc := new(scan.Doc)
	if err := doc.Parse([]byte(text), scan.DefaultLimits); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc
}
