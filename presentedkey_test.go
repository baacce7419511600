package xjpgateway

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzPresentedKey checks that what is taken for a key is what a client has sent, whichever
// header it stands in, and that two keys are never taken for one.
func FuzzPresentedKey(f *testing.F) {
	for _, seed := range [][2]string{
		{"Bearer XJP_a", ""}, {"", "XJP_a"}, {"bearer  XJP_a ", "XJP_a"}, {"Bearer a", "b"}, {"Bearer", "a"}, {"Bearer Bearer a", "a"}, {"Basic eDp5", ""}, {" ", "\t"}, {"Bearer\u00a0a", "a"},
	} {
		f.Add(seed[0], seed[1])
	}
	present := func(authorization, apiKey string) (string, error) {
		return presentedKey(http.Header{"Authorization": {authorization}, "X-Api-Key": {apiKey}})
	}
	f.Fuzz(func(t *testing.T, authorization, apiKey string) {
		first, err := present(authorization, "")
		second, err2 := present("", apiKey)
		if err != nil || err2 != nil {
			t.Fatalf("a single key is refused: %v, %v", err, err2)
		}
		if !strings.Contains(authorization, first) || !strings.Contains(apiKey, second) || strings.TrimSpace(first) != first || strings.TrimSpace(second) != second {
			t.Fatalf("the keys are %q and %q", first, second)
		}
		key, err := present(authorization, apiKey)
		turned, err2 := present(apiKey, authorization)
		if key != turned || (err == nil) != (err2 == nil) {
			t.Fatalf("%q by %v, turned about %q by %v", key, err, turned, err2)
		}
		two := first != "" && second != "" && first != second
		if (err != nil) != two || two && key != "" || !two && key != first && key != second {
			t.Fatalf("%q and %q are taken for %q by %v", first, second, key, err)
		}
	})
}
