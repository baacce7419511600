package behaviour

import (
	"fmt"
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

// TestTotalOfGathered checks that a stream which is gathered for a client that wants a whole
// answer may take no longer than a whole answer may.
func TestTotalOfGathered(t *testing.T) {
	d := newDouble(t)
	const limited = "\t\tmodel %[1]s {\n\t\t\troute messages up {\n\t\t\t\ttimeout {\n%[2]s\t\t\t\t}\n\t\t\t}\n\t\t}\n"
	url := gateway(t, d, fmt.Sprintf(limited, "short", "total 300ms\n")+fmt.Sprintf(limited, "both", "total 1m\nstream_total 300ms\n")+fmt.Sprintf(limited, "enough", "total 1m\n"))
	d.will(func(w http.ResponseWriter, r *http.Request) {
		if !asksForStream(r) {
			t.Error("the provider is not asked for a stream")
		}
		streaming(w)
		send(w, wireOf(r).life...)
		for range 30 {
			if r.Context().Err() != nil {
				return
			}
			send(w, wireOf(r).hello)
			time.Sleep(20 * time.Millisecond)
		}
		send(w, messagesStream[4:]...)
	})
	body := func(model string) string {
		return strings.Replace(hello(model, false), `"max_tokens":100`, `"max_tokens":30000`, 1)
	}
	for _, model := range []string{"short", "both"} {
		if got := post(t, url+openai.path, body(model)); got.status != 504 || errorIn(t, openai, got).code != "upstream_timeout" {
			t.Errorf("%s: %d %s", model, got.status, got.body)
		}
	}
	if got := post(t, url+openai.path, body("enough")); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
