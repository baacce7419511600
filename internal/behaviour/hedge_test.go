package behaviour

import (
	"net/http"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// TestHedging checks that a whole answer that is late is asked for at a second route, that
// the first answer is the client's, and that the other call ends.
func TestHedging(t *testing.T) {
	first, second := newDouble(t), newDouble(t)
	options := "\t\tmodel two {\n\t\t\troute first up\n\t\t\troute second up\n\t\t\thedge 50ms\n\t\t}\n" +
		"\t\tmodel quantile {\n\t\t\troute first up2\n\t\t\troute second up2\n\t\t\thedge p50\n\t\t}\n"
	caddyfile, log := logged(t, provider("first", "openai", first)+provider("second", "anthropic", second)+options)
	url := gatewaytest.Run(t, quiet(caddyfile))
	answered := 0
	attempts := func() (n any) {
		answered++
		eventually(t, "the request is logged", func() bool {
			n = nil
			served := 0
			for _, e := range entries(t, log) {
				if e["xjp_attempts"] != nil {
					n, served = e["xjp_attempts"], served+1
				}
			}
			return served == answered
		})
		return n
	}
	gone := make(chan struct{}, 10)
	late := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			gone <- struct{}{}
		case <-time.After(10 * time.Second):
		}
	}
	for _, d := range dialects {
		for _, test := range []struct {
			name          string
			first, second http.HandlerFunc
			status        int
			asked         [2]int
			attempts      int
			cancelled     int
		}{
			{"the first is fast", well, well, 200, [2]int{1, 0}, 1, 0},
			{"the second overtakes", late, well, 200, [2]int{1, 1}, 2, 1},
			{"the second is slower still", func(w http.ResponseWriter, r *http.Request) { time.Sleep(300 * time.Millisecond); well(w, r) }, late, 200, [2]int{1, 1}, 2, 1},
			{"the first fails before the delay", failing(500, "application/json", `{}`), well, 200, [2]int{1, 1}, 2, 0},
			{"the second fails", func(w http.ResponseWriter, r *http.Request) { time.Sleep(300 * time.Millisecond); well(w, r) }, failing(500, "application/json", `{}`), 200, [2]int{1, 1}, 2, 0},
			{"both fail", func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(200 * time.Millisecond)
				failing(500, "application/json", `{}`)(w, r)
			}, failing(500, "application/json", `{}`), 502, [2]int{1, 1}, 2, 0},
		} {
			where := d.name + ": " + test.name
			first.will(test.first)
			second.will(test.second)
			got := post(t, url+d.path, hello("two", false))
			if got.status != test.status {
				t.Errorf("%s: %d %s", where, got.status, got.body)
			}
			if s := read(got.body, d, false); test.status == 200 && (s.text == "" || !s.ended) {
				t.Errorf("%s: %s", where, got.body)
			}
			if n := [2]int{len(first.asked()), len(second.asked())}; n != test.asked {
				t.Errorf("%s: asked %v, want %v", where, n, test.asked)
			}
			for range test.cancelled {
				select {
				case <-gone:
				case <-time.After(5 * time.Second):
					t.Errorf("%s: the slower call goes on", where)
				}
			}
			if n := attempts(); n != float64(test.attempts) {
				t.Errorf("%s: %v attempts, want %d", where, n, test.attempts)
			}
		}
		first.will(func(w http.ResponseWriter, r *http.Request) { time.Sleep(200 * time.Millisecond); well(w, r) })
		second.will(well)
		if got := post(t, url+d.path, hello("two", true)); got.status != 200 || len(second.asked()) != 0 {
			t.Errorf("%s: a stream is hedged: %d, %d calls", d.name, got.status, len(second.asked()))
		}
		attempts()
	}
	t.Run("after a part of the calls' times", func(t *testing.T) {
		first.will(well)
		for range 20 { // as many as must be known
			post(t, url+openai.path, hello("quantile", false))
		}
		time.Sleep(50 * time.Millisecond) // until the last of them is
		first.will(late)
		second.will(well)
		if got := post(t, url+openai.path, hello("quantile", false)); got.status != 200 || len(second.asked()) != 1 {
			t.Errorf("%d, the second was asked %d times", got.status, len(second.asked()))
		}
		<-gone
	})
	if n := len(gone); n != 0 {
		t.Errorf("%d calls too many were cancelled", n)
	}
}
