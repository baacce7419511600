package behaviour

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// trio starts a gateway whose model m has routes to three providers, with what stands in
// the model's block and in the routes'.
func trio(t *testing.T, model, settings string, routes ...string) (url string, d [3]*double) {
	t.Helper()
	for i := range d {
		d[i] = newDouble(t)
		settings += provider(fmt.Sprint("p", i), "openai", d[i])
	}
	settings += "\t\tmodel m {\n" + model + "\n"
	for i, r := range routes {
		settings += fmt.Sprintf("\t\t\t%s\n", fmt.Sprintf(r, fmt.Sprint("p", i, " up")))
	}
	return gatewaytest.Start(t, settings+"\t\t}\n"), d
}

// counts are the calls of the providers since the last time.
func counts(d [3]*double) (n [3]int) {
	for i := range d {
		n[i] = len(d[i].asked())
		d[i].will(well)
	}
	return n
}

// TestPolicies checks that the settings of a Caddyfile put routes in order as they say.
func TestPolicies(t *testing.T) {
	send := func(t *testing.T, url string, n int, headers func(int) []string) {
		t.Helper()
		for i := range n {
			if got := post(t, url+openai.path, hello("m", false), headers(i)...); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
		}
	}
	none := func(int) []string { return nil }
	t.Run("first takes the first", func(t *testing.T) {
		url, d := trio(t, "policy first", "", "route %s", "route %s", "fallback %s")
		send(t, url, 5, none)
		if n := counts(d); n != [3]int{5, 0, 0} {
			t.Errorf("the providers were called %v times", n)
		}
	})
	t.Run("weights are shares", func(t *testing.T) {
		url, d := trio(t, "", "", "route %s {\n weight 8\n }", "route %s {\n weight 2\n }", "fallback %s")
		send(t, url, 400, none)
		// 320 are expected, with a standard deviation of 8.
		if n := counts(d); n[0] < 270 || n[0] > 370 || n[2] != 0 {
			t.Errorf("the providers were called %v times", n)
		}
	})
	t.Run("a session stays where it is, and sessions are spread", func(t *testing.T) {
		url, d := trio(t, "affinity session", "", "route %s", "route %s", "route %s")
		met := [3]bool{}
		for s := range 20 {
			send(t, url, 3, func(int) []string { return []string{"X-Xjp-Session", strconv.Itoa(s)} })
			n := counts(d)
			for i := range n {
				if n[i] != 0 && n[i] != 3 {
					t.Fatalf("session %d went to %v", s, n)
				}
				met[i] = met[i] || n[i] != 0
			}
		}
		if met != [3]bool{true, true, true} {
			t.Errorf("20 sessions met the providers %v", met)
		}
	})
	t.Run("a key stays where it is", func(t *testing.T) {
		url, d := trio(t, "affinity key\npolicy weighted", "", "route %s", "route %s", "route %s")
		send(t, url, 10, none)
		if n := counts(d); n[0] != 10 && n[1] != 10 && n[2] != 10 {
			t.Errorf("the providers were called %v times", n)
		}
	})
	t.Run("least latency takes the faster", func(t *testing.T) {
		url, d := trio(t, "policy least_latency", "", "route %s", "route %s")
		d[0].will(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(50 * time.Millisecond)
			well(w, r)
		})
		send(t, url, 40, none)
		if n := counts(d); n[1] < 30 {
			t.Errorf("the providers were called %v times", n)
		}
	})
}

// TestFallbackOn checks which errors lead to the next route.
func TestFallbackOn(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	failing := map[string]http.HandlerFunc{
		"rate_limit": answer(429, `{"error":{"message":"slow down","type":"rate_limit_error"}}`),
		"upstream":   answer(500, `{"error":{"message":"oops","type":"server_error"}}`),
		"blocked":    answer(400, `{"error":{"message":"Your request was rejected by our safety system","type":"invalid_request_error","code":"content_policy_violation"}}`),
	}
	for _, test := range []struct {
		setting, failure string
		falls            bool
	}{
		{"", "rate_limit", true}, {"", "upstream", true}, {"", "blocked", false},
		{"fallback on default", "upstream", true}, {"fallback on default", "blocked", false},
		{"fallback on rate_limit overloaded", "rate_limit", true}, {"fallback on rate_limit overloaded", "upstream", false},
		{"fallback on none", "rate_limit", false}, {"fallback on none", "upstream", false},
		{"fallback on all", "blocked", true}, {"fallback on all", "upstream", true},
	} {
		t.Run(name(or(test.setting, "by default"), "at", test.failure), func(t *testing.T) {
			url, d := trio(t, test.setting, "", "route %s", "fallback %s")
			d[0].will(failing[test.failure])
			got := post(t, url+openai.path, hello("m", false))
			if falls := len(d[1].asked()) == 1; falls != test.falls || (got.status == 200) != test.falls {
				t.Errorf("%d, calls %d and %d: %s", got.status, len(d[0].asked()), len(d[1].asked()), got.body)
			}
		})
	}
}

// TestConcurrency checks that max_concurrent leads to the next route, and that where there
// is none a request waits as the queue says.
func TestConcurrency(t *testing.T) {
	for _, test := range []struct {
		name, settings string
		routes         []string
		status         int
		second         int // calls of the second provider
	}{
		{"a full route leads to the next", "\t\tqueue 0\n", []string{"route %s {\n max_concurrent 1\n }", "route %s"}, 200, 1},
		{"without a queue a full route refuses", "\t\tqueue 0\n", []string{"route %s {\n max_concurrent 1\n }"}, 503, 0},
		{"a wait that is too short refuses", "\t\tqueue 5 20ms\n", []string{"route %s {\n max_concurrent 1\n }"}, 503, 0},
		{"a wait that is long enough serves", "\t\tqueue 5 20s\n", []string{"route %s {\n max_concurrent 1\n }"}, 200, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, d := trio(t, "", test.settings, test.routes...)
			entered, leave := make(chan bool, 2), make(chan bool)
			d[0].will(func(w http.ResponseWriter, r *http.Request) {
				entered <- true
				<-leave
				well(w, r)
			})
			first := make(chan int, 1)
			go func() {
				first <- post(t, url+openai.path, hello("m", false)).status
			}()
			<-entered
			second := make(chan reply, 1)
			go func() { second <- post(t, url+openai.path, hello("m", false)) }()
			if test.status == 200 && test.second == 0 {
				time.Sleep(50 * time.Millisecond) // it waits in the queue now
				close(leave)
			}
			got := <-second
			if got.status != test.status || len(d[1].asked()) != test.second {
				t.Errorf("%d, second provider called %d times: %s", got.status, len(d[1].asked()), got.body)
			}
			if got.status == 503 && got.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if test.status != 200 || test.second != 0 {
				close(leave)
			}
			if status := <-first; status != 200 {
				t.Errorf("the first request got %d", status)
			}
		})
	}
}
