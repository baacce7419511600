package behaviour

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestStreamTotal checks that a stream that never ends is ended where its route limits
// streams, with an error in the client's dialect, and goes on where it does not.
func TestStreamTotal(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d, "\t\tmodel short {\n\t\t\troute chat up {\n\t\t\t\ttimeout {\n\t\t\t\t\tstream_total 300ms\n\t\t\t\t}\n\t\t\t}\n\t\t}")
	d.will(func(w http.ResponseWriter, r *http.Request) {
		streaming(w)
		send(w, wireOf(r).life...)
		for range 30 {
			if r.Context().Err() != nil {
				return
			}
			send(w, wireOf(r).hello)
			time.Sleep(20 * time.Millisecond)
		}
		send(w, chatStream[2:]...)
	})
	for _, dialect := range dialects {
		got := post(t, url+dialect.path, hello("short", true))
		if s := read(got.body, dialect, true); !s.failed || s.ended || s.starts != 1 || !strings.Contains(got.body, "no complete answer within the time limit") {
			t.Errorf("%s: with a limit: %+v in %s", dialect.name, s, got.body)
		}
		got = post(t, url+dialect.path, hello("chat", true))
		if s := read(got.body, dialect, true); s.failed || !s.ended {
			t.Errorf("%s: without a limit: %+v in %s", dialect.name, s, got.body)
		}
	}
}
