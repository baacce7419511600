package xjpgateway

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// TestNoKeyIsInAnAddress checks that a key that is named as a whole, with a mistake or
// without, is not in the address of an operation, nor in the error.
func TestNoKeyIsInAnAddress(t *testing.T) {
	id, secret := keys.NewSecret()
	for _, named := range []string{id, " " + id, secret, " " + secret + "\n"} {
		if uri, err := uriOf("/xjp/usage", url.Values{"key": {keyID(named)}}); err != nil || uri != "/xjp/usage?key="+id {
			t.Errorf("%q is asked for by %s, %v", named, uri, err)
		}
	}
	mistyped := []byte(secret)
	mistyped[20] ^= 1
	for _, named := range []string{
		string(mistyped), secret + "x", secret[:20], "Bearer " + secret, strings.Replace(secret, keys.Prefix, "xjp_", 1), secret[:12] + " " + secret[12:],
		keys.Prefix + strings.Repeat("D", 43), // of the predecessor
	} {
		for _, path := range []string{"/xjp/keys/" + pathSegment(keyID(named)), "/xjp/keys/" + pathSegment(keyID(named)) + "/rotate"} {
			if uri, err := uriOf(path, nil); !errors.Is(err, errWholeKey) || uri != "" {
				t.Errorf("%q is asked for by %s, %v", named, uri, err)
			}
		}
		if uri, err := uriOf("/xjp/usage", url.Values{"key": {keyID(named)}}); !errors.Is(err, errWholeKey) || uri != "" {
			t.Errorf("%q is asked for by %s, %v", named, uri, err)
		}
	}
}
