package xjpgateway

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// TestPutDoc checks that a document that is used again knows nothing of an upload that
// broke off before it was parsed: what that had of plain text is no plain text here.
func TestPutDoc(t *testing.T) {
	doc := new(scan.Doc)
	doc.Look([]byte(strings.Repeat("a", 256<<10)))
	putDoc(doc)
	body := []byte(`{"a":"` + strings.Repeat("x", 40<<10) + `","model":"m","b":"` + strings.Repeat("y", 100<<10) + `"}`)
	if err := doc.Parse(body, scan.DefaultLimits); err != nil {
		t.Fatal(err)
	}
	if got := doc.Root().Get("model").Str(); got != "m" {
		t.Errorf("the model is %q", got)
	}
}
