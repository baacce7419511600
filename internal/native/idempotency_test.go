package native

import (
	"net/http"
	"strings"
	"testing"
)

// TestSentAgainWithoutKeys checks that on a site whose clients another authentication tells
// apart, none is given the answer of another.
func TestSentAgainWithoutKeys(t *testing.T) {
	const password = "$2a$04$zSgNGY9fdwgTqxccwc1s6eiG4r7VSM17HslO9WYwC4nvmbuZJ4erq" // of "secret"
	s := start(t, "", "\tbasic_auth /v1/* {\n\t\tann "+password+"\n\t\tbob "+password+"\n\t}\n\txjp_gateway {\n\t\tauth off\n\t\tprovider demo\n\t\tstore off\n\t}\n")
	send := func(user string) (id string, again bool) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, s.address+chat, strings.NewReader(ask(chat, "demo/demo", "Hello", false)))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(user, "secret")
		r.Header.Set("Idempotency-Key", "same")
		res, body := s.do(r)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", user, res.StatusCode, body)
		}
		if original := res.Header.Get("X-Xjp-Original-Request-Id"); original != "" {
			return original, true
		}
		return res.Header.Get("X-Request-Id"), false
	}
	first := map[string]string{}
	for _, user := range []string{"ann", "bob"} {
		id, again := send(user)
		if again {
			t.Errorf("%s is given the answer of another", user)
		}
		first[user] = id
	}
	for user, id := range first {
		if got, again := send(user); !again || got != id {
			t.Errorf("%s is not given the own answer again: %s", user, got)
		}
	}
}
