package behaviour

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/internal/gatewaytest"
)

// failure is a provider's answer of a status without a further word.
func failure(status int, headers ...string) http.HandlerFunc {
	return failing(status, "application/json", `{"error":{"message":"m"}}`, headers...)
}

// overloaded is the status by which a dialect tells that no route is usable.
var overloaded = map[dialect]int{openai: 503, anthropic: 529}

// TestAffinity checks by what a session is known (pain 6): what else a request holds
// matters only where nothing better names its session. Caddy drops headers with underscores.
func TestAffinity(t *testing.T) {
	url, _ := trio(t, "affinity session", "", "route %s", "route %s", "route %s")
	const turn, later = `[{"role":"user","content":"Hi"}]`, `[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Go on"}]`
	said := func(text, messages string) string { return strings.Replace(messages, "Hi", text, 1) }
	body := func(fields, messages string) string {
		return `{"model":"m","max_tokens":100,` + fields + `"messages":` + messages + `}`
	}
	type ask struct {
		body    string
		headers []string
	}
	for _, test := range []struct {
		name     string
		dialects []dialect
		// first and second are two requests of the session s.
		first, second func(s string) ask
	}{
		{"metadata.session_id", []dialect{openai},
			func(s string) ask {
				return ask{body: body(`"metadata":{"session_id":"`+s+`"},"session_id":"a",`, turn)}
			},
			func(s string) ask {
				return ask{body: body(`"metadata":{"session_id":"`+s+`"},"session_id":"b",`, said("Other", turn))}
			}},
		{"session_id", []dialect{openai},
			func(s string) ask { return ask{body: body(`"session_id":"`+s+`","prompt_cache_key":"a",`, turn)} },
			func(s string) ask {
				return ask{body: body(`"session_id":"`+s+`","prompt_cache_key":"b",`, said("Other", turn))}
			}},
		{"prompt_cache_key", []dialect{openai},
			func(s string) ask { return ask{body: body(`"prompt_cache_key":"`+s+`",`, turn)} },
			func(s string) ask { return ask{body: body(`"prompt_cache_key":"`+s+`",`, said("Other", turn))} }},
		{"Claude Code's user_id", []dialect{anthropic},
			func(s string) ask {
				return ask{body: body(`"metadata":{"user_id":"user_a_account_b_session_`+s+`"},`, turn)}
			},
			func(s string) ask {
				return ask{body: body(`"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"`+s+`\"}"},`, said("Other", turn))}
			}},
		{"the beginning", dialects,
			func(s string) ask { return ask{body: body("", said(s, turn))} },
			func(s string) ask { return ask{body: body(`"temperature":0.5,`, said(s, later))} }},
	} {
		checkAffinity(t, url, test.name, test.dialects, func(s string, second bool) (string, []string) {
			a := test.first(s)
			if second {
				a = test.second(s)
			}
			return a.body, a.headers
		})
	}
	before := ""
	for _, header := range []string{"X-Xjp-Session", "X-Session-Id", "X-Claude-Code-Session-Id", "Session-Id"} {
		after := header
		checkAffinity(t, url, header, dialects, func(s string, second bool) (string, []string) {
			if !second {
				return body(`"metadata":{"user_id":"user_a_session_x"},`, turn), []string{after, s}
			}
			return body(`"metadata":{"user_id":"user_a_session_y"},`, said("Other", turn)), []string{after, s}
		})
		if before != "" {
			checkAffinity(t, url, before+" before "+header, dialects[:1], func(s string, second bool) (string, []string) {
				return body("", turn), []string{before, s, after, fmt.Sprint(second)}
			})
		}
		before = header
	}
}

// checkAffinity checks that two requests of a session meet the same provider, and that
// sessions meet more than one.
func checkAffinity(t *testing.T, url, name string, dialects []dialect, ask func(session string, second bool) (body string, headers []string)) {
	t.Helper()
	for _, d := range dialects {
		met := map[string]bool{}
		for s := range 10 {
			var by [2]string
			for i := range by {
				body, headers := ask(fmt.Sprint("s", s), i == 1)
				got := post(t, url+d.path, body, append(headers, debugging...)...)
				if by[i] = got.header.Get("X-Xjp-Provider"); got.status != 200 || by[i] == "" {
					t.Fatalf("%s: %d %s", name, got.status, got.body)
				}
			}
			if by[0] != by[1] {
				t.Errorf("%s, %s: session %d went to %v", name, d.name, s, by)
			}
			met[by[0]] = true
		}
		if len(met) < 2 {
			t.Errorf("%s, %s: all sessions went to %v", name, d.name, met)
		}
	}
}

// TestFallbackOrder checks that fallbacks are taken in their order and after all others.
func TestFallbackOrder(t *testing.T) {
	url, d := trio(t, "policy weighted\naffinity session", "", "fallback %s", "route %s", "fallback %s")
	for _, test := range []struct {
		fail []int
		want string
	}{
		{nil, "p1"}, {[]int{1}, "p0"}, {[]int{1, 0}, "p2"},
	} {
		for i := range d {
			d[i].will(well)
		}
		for _, i := range test.fail {
			d[i].will(failure(500))
		}
		for range 5 {
			if got := post(t, url+openai.path, hello("m", false), debugging...); got.header.Get("X-Xjp-Provider") != test.want {
				t.Errorf("while %v fail: %d by %q", test.fail, got.status, got.header.Get("X-Xjp-Provider"))
			}
		}
	}
}

// TestOverflow checks that what is too long for a window goes to a larger one alone, by
// estimate or by the provider's word (CC15).
func TestOverflow(t *testing.T) {
	window := func(n int) string { return fmt.Sprintf("route %%s {\n capability context_window %d\n }", n) }
	overflow := failing(400, "application/json", `{"error":{"message":"This model's maximum context length is 8000 tokens. However, your messages resulted in 9000 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}`)
	long := strings.Replace(hello("m", false), "Hi there", strings.Repeat("word after word ", 4000), 1)
	for _, test := range []struct {
		name    string
		windows []int
		body    string
		status  int
		calls   [3]int
	}{
		{"the provider's word leads to a larger window", []int{8000, 8000, 100_000}, hello("m", false), 200, [3]int{1, 0, 1}},
		{"no window is larger", []int{8000, 8000, 4000}, hello("m", false), 400, [3]int{1, 0, 0}},
		{"by estimate the small windows are not asked", []int{8000, 8000, 100_000}, long, 200, [3]int{0, 0, 1}},
		{"no window is believed to do, so the provider judges", []int{8000, 8000, 4000}, long, 400, [3]int{1, 0, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, d := trio(t, "", "", window(test.windows[0]), window(test.windows[1]), window(test.windows[2]))
			for _, dialect := range dialects {
				d[0].will(overflow)
				got := post(t, url+dialect.path, test.body)
				if n := counts(d); got.status != test.status || n != test.calls {
					t.Errorf("%s: %d after the calls %v: %.300s", dialect.name, got.status, n, got.body)
				}
			}
		})
	}
}

// TestBreaker checks that a route that fails rests, that clients are told so at once, and
// that one request finds out when it is back.
func TestBreaker(t *testing.T) {
	t.Run("five failures in a row open it", func(t *testing.T) {
		url, d := trio(t, "", "\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 5\n\t\t}\n", "route %s")
		for _, dialect := range dialects {
			d[0].will(failure(500))
			for range 5 {
				if got := post(t, url+dialect.path, hello("m", false)); got.status != 502 {
					t.Errorf("%s: %d %s", dialect.name, got.status, got.body)
				}
			}
			d[0].turns(well)
			got := post(t, url+dialect.path, hello("m", true))
			e := errorIn(t, dialect, got)
			if wait := seconds(t, got); got.status != overloaded[dialect] || wait < 1 || wait > 20 || len(d[0].asked()) != 5 {
				t.Errorf("%s: %d after %d calls, Retry-After %d: %v", dialect.name, got.status, len(d[0].asked()), wait, e)
			}
		}
	})
	t.Run("a success between them does not", func(t *testing.T) {
		url, d := trio(t, "", "\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 3\n\t\t}\n", "route %s")
		for range 3 {
			for _, answer := range []http.HandlerFunc{failure(500), failure(500), well} {
				d[0].turns(answer)
				post(t, url+openai.path, hello("m", false))
			}
		}
		if n := len(d[0].asked()); n != 9 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("what is wrong in itself does not", func(t *testing.T) {
		url, d := trio(t, "", "\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 3\n\t\t}\n", "route %s")
		d[0].will(failure(400))
		for range 10 {
			post(t, url+openai.path, hello("m", false))
		}
		if n := len(d[0].asked()); n != 10 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("streams that break off after content do", func(t *testing.T) {
		url, d := trio(t, "", "\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 1\n\t\t}\n", "route %s")
		d[0].will(func(w http.ResponseWriter, r *http.Request) {
			streaming(w)
			send(w, wireOf(r).life...)
			send(w, wireOf(r).hello)
			reset(w)
		})
		if got := post(t, url+openai.path, hello("m", true)); got.status != 200 || !strings.Contains(got.body, "upstream_stream_interrupted") {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := post(t, url+openai.path, hello("m", true)); got.status != 503 || len(d[0].asked()) != 1 {
			t.Errorf("%d after %d calls", got.status, len(d[0].asked()))
		}
	})
	t.Run("the next route serves meanwhile", func(t *testing.T) {
		url, d := trio(t, "", "\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 5\n\t\t}\n", "route %s", "route %s")
		d[0].will(failure(500))
		for range 12 {
			checkAnswer(t, "by the second", openai, false, post(t, url+openai.path, hello("m", false)))
		}
		if a, b := len(d[0].asked()), len(d[1].asked()); a != 5 || b != 12 {
			t.Errorf("%d and %d calls", a, b)
		}
	})
	t.Run("one probe closes it", func(t *testing.T) {
		url, d := trio(t, "", "\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 1\n\t\t\tcooldown 50ms\n\t\t}\n", "route %s")
		d[0].will(failure(500))
		post(t, url+openai.path, hello("m", false))
		began, release := make(chan bool, 10), make(chan bool)
		d[0].turns(func(w http.ResponseWriter, r *http.Request) {
			began <- true
			<-release
			well(w, r)
		})
		time.Sleep(100 * time.Millisecond) // the cooldown
		probe := make(chan reply, 1)
		go func() { probe <- post(t, url+openai.path, hello("m", false)) }()
		<-began
		if got := post(t, url+openai.path, hello("m", false)); got.status != 503 || seconds(t, got) != 1 {
			t.Errorf("beside the probe: %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
		}
		close(release)
		checkAnswer(t, "the probe", openai, false, <-probe)
		checkAnswer(t, "after it", openai, false, post(t, url+openai.path, hello("m", false)))
		if n := len(d[0].asked()); n != 3 {
			t.Errorf("%d calls", n)
		}
	})
}

// seconds reads Retry-After, 0 if there is none.
func seconds(t *testing.T, got reply) int {
	t.Helper()
	text := got.header.Get("Retry-After")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Error(err)
	}
	return n
}

// TestRests checks what a provider's word takes out of use, for whom, and what clients are
// told meanwhile.
func TestRests(t *testing.T) {
	other := "\t\tmodel n {\n\t\t\troute p0 other\n\t\t}\n"
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		first  int
		again  map[dialect]int // the second request's status
		others int             // the status of another model of the provider
		atMost int             // seconds to wait
	}{
		{"a limit with a time", failure(429, "Retry-After", "30"), 429, map[dialect]int{openai: 429, anthropic: 429}, 200, 30},
		{"an overload with a time", failure(503, "Retry-After", "30"), 503, overloaded, 200, 30},
		{"a refused credential", failure(401), 502, overloaded, 502, 60},
		{"a missing model", failing(404, "application/json", `{"error":{"message":"The model up does not exist","code":"model_not_found"}}`), 502, overloaded, 200, 60},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, d := trio(t, "", other, "route %s")
			for _, dialect := range dialects {
				d[0].will(test.answer)
				first := post(t, url+dialect.path, hello("m", false))
				if want := test.first; first.status != want && (want != 503 || first.status != overloaded[dialect]) {
					t.Errorf("%s: %d %s", dialect.name, first.status, first.body)
				}
				d[0].turns(well)
				got := post(t, url+dialect.path, hello("m", false))
				if wait := seconds(t, got); got.status != test.again[dialect] || wait < 1 || wait > test.atMost || len(d[0].asked()) != 1 {
					t.Errorf("%s: %d, Retry-After %d, after %d calls: %s", dialect.name, got.status, wait, len(d[0].asked()), got.body)
				}
				if got := post(t, url+dialect.path, hello("n", false)); got.status != test.others {
					t.Errorf("%s: another model gets %d %s", dialect.name, got.status, got.body)
				}
			}
		})
		t.Run(name(test.name, "leads to the next route without being met again"), func(t *testing.T) {
			url, d := trio(t, "", "", "route %s", "route %s")
			d[0].will(test.answer)
			for range 4 {
				checkAnswer(t, test.name, openai, false, post(t, url+openai.path, hello("m", false)))
			}
			if a, b := len(d[0].asked()), len(d[1].asked()); a != 1 || b != 4 {
				t.Errorf("%d and %d calls", a, b)
			}
		})
	}
}

// TestRounds checks which failures are worth another round, and how many.
func TestRounds(t *testing.T) {
	const retry = "\t\tretry {\n\t\t\tmax 2\n\t\t\tbackoff 10ms\n\t\t\tmax_wait 5s\n\t\t\tbudget 100%\n\t\t}\n\t\ttimeout {\n\t\t\ttotal 200ms\n\t\t}\n"
	url, d := trio(t, "", retry, "route %s")
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		times  int // that it fails
		status int
		calls  int
	}{
		{"a failure that passes", failure(500), 1, 200, 2},
		{"two of them", failure(502), 2, 200, 3},
		{"one that stays", failure(500), 9, 502, 3},
		{"an overload", failure(529), 1, 200, 2},
		{"a connection that breaks", func(w http.ResponseWriter, _ *http.Request) { hardReset(w) }, 1, 200, 2},
		{"a limit that is soon over", failure(429, "Retry-After-Ms", "50"), 1, 200, 2},
		{"a limit without a time, which rests for a second", failure(429), 1, 200, 2},
		{"a limit that lasts", failure(429, "Retry-After", "30"), 1, 429, 1},
		{"a wrong request", failure(400), 1, 400, 1},
		{"a refused credential", failure(401), 1, 502, 1},
		{"a silent provider", func(_ http.ResponseWriter, r *http.Request) { stall(r) }, 1, 504, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int64
			d[0].will(func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) <= int64(test.times) {
					test.answer(w, r)
					return
				}
				well(w, r)
			})
			got := post(t, url+openai.path, hello("m", false))
			if n := len(d[0].asked()); got.status != test.status || n != test.calls {
				t.Errorf("%d after %d calls: %s", got.status, n, got.body)
			}
			if repeated := test.status == 502 && test.calls > 1; repeated && got.header.Get("X-Should-Retry") != "false" {
				t.Error("CC23: the client is to repeat what was repeated")
			}
		})
	}
	t.Run("an outage is not multiplied", func(t *testing.T) {
		url, d := trio(t, "", strings.Replace(retry, "100%", "1%", 1), "route %s")
		d[0].will(failure(500))
		for range 20 {
			post(t, url+openai.path, hello("m", false))
		}
		// Three repeats are always allowed; what was spent is forgotten in ten seconds.
		if n := len(d[0].asked()); n < 23 || n > 26 {
			t.Errorf("%d calls for 20 requests", n)
		}
	})
}

// TestReload checks that a reload forgets nothing, and a provider's new settings all that
// was known of it.
func TestReload(t *testing.T) {
	d := newDouble(t)
	options := func(header, more string) string {
		return strings.Replace(provider("p", "openai", d), "\t\t\tapi_key", "\t\t\theader X-Some "+header+"\n\t\t\tapi_key", 1) +
			"\t\tmodel m {\n\t\t\troute p up\n\t\t}\n\t\tmodel n {\n\t\t\troute p limited\n\t\t}\n\t\tretry 0\n\t\tbreaker {\n\t\t\tfailures 2\n\t\t\tcooldown 1h\n\t\t}\n" + more
	}
	url := gatewaytest.Run(t, quiet(gatewaytest.Site(options("one", ""))))
	port := url[strings.LastIndex(url, ":")+1:]
	reload := func(options string) {
		t.Helper()
		if err := caddy.Load(gatewaytest.Adapt(t, strings.ReplaceAll(quiet(gatewaytest.Site(options)), "{port}", port)), true); err != nil {
			t.Fatal(err)
		}
		client.CloseIdleConnections()
		time.Sleep(300 * time.Millisecond) // Caddy closes the old listener, with what waits in its queue, on its own time
	}
	check := func(when string, m, n int) {
		t.Helper()
		for model, want := range map[string]int{"m": m, "n": n} {
			if got := post(t, url+openai.path, hello(model, false)); got.status != want {
				t.Errorf("%s: %s gets %d %s", when, model, got.status, got.body)
			}
		}
	}
	d.will(failure(500))
	for range 2 {
		post(t, url+openai.path, hello("m", false))
	}
	d.turns(failure(429, "Retry-After", "600"))
	post(t, url+openai.path, hello("n", false))
	d.turns(well)
	check("before the reload", 503, 429)
	reload(options("one", "\t\tkeep_alive 1s\n\t\tmodel new {\n\t\t\troute p new\n\t\t}\n"))
	check("after it", 503, 429)
	if n := len(d.asked()); n != 3 {
		t.Errorf("%d calls", n)
	}
	reload(options("two", ""))
	check("with another provider of that name", 200, 200)
}
