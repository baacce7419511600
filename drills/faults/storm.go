package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// storm is a provider that fails again and again.
type storm struct {
	name string
	act  act
	// calls is how often the provider is called at most, until its route rests.
	calls int
	// state is its route's then.
	state  health
	double *double
}

// gusts is how many requests a storm meets, one after the other.
const gusts = 12

// The states that storms lead to.
var (
	tripped      = health{Breaker: "open", Cause: "failures"}
	limitReached = health{Breaker: "resting", Cause: "rate_limit"}
)

// storms rest after five failures in a row. Who is limited rests from the first time on,
// for a second and then for two (docs/errors.md).
var storms = []storm{
	{name: "storm of resets", act: (*exchange).reset, calls: 5, state: tripped},
	{name: "storm of 500", act: status(500, theirWords), calls: 5, state: tripped},
	{name: "storm of 502", act: status(502, theirWords), calls: 5, state: tripped},
	{name: "storm of 503", act: status(503, theirWords), calls: 5, state: tripped},
	{name: "storm of 429 with Retry-After", act: status(429, theirWords, "Retry-After: 60"), calls: 1, state: limitReached},
	{name: "storm of 429", act: status(429, theirWords), calls: 3, state: limitReached},
}

// listen starts the provider.
func (st *storm) listen() (err error) {
	st.double, err = newDouble(st.act, nil)
	return err
}

// slug is the storm's name where names have no spaces.
func (st *storm) slug() string { return strings.ReplaceAll(st.name, " ", "-") }

// option configures the provider, alone and with a healthy route behind it.
func (st *storm) option() string {
	provider := providerOption(st.slug(), chat, "http://"+st.double.address())
	return provider + fmt.Sprintf("model %[1]s-alone {\nroute %[1]s alone\n}\nmodel %[1]s-backed {\nroute %[1]s backed\nroute healthy-messages backed\n}\n", st.slug())
}

// try sends the requests: all are served where another route is, and the provider is not
// called any more once its route rests.
func (st *storm) try(s *suite) error {
	var wrong []error
	seen := map[int]int{}
	for i := range gusts {
		client := clientWires[i%2]
		got, err := post(s.gateway.site, client, request(st.slug()+"-backed", i%3 == 0))
		if err == nil {
			err = checkServed(client, i%3 == 0, got)
		}
		wrong = append(wrong, err)
		if got, err = post(s.gateway.site, client, request(st.slug()+"-alone", i%3 == 0)); err == nil {
			seen[got.status]++
			_, err = readError(client, got.body, got.header.Get("X-Request-Id"))
		}
		wrong = append(wrong, err)
		if got != nil && i == gusts-1 && got.header.Get("Retry-After") == "" {
			wrong = append(wrong, errors.New("the route rests, and the client is not told for how long"))
		}
	}
	for _, model := range []string{"backed", "alone"} {
		if n := st.double.called(model); n < 1 || n > st.calls {
			wrong = append(wrong, fmt.Errorf("the provider was called %d times, not %d, %s", n, st.calls, model))
		}
	}
	waitFor(5*time.Second, func() bool { return st.checkState(s) == nil })
	wrong = append(wrong, st.checkState(s))
	fmt.Printf("%-44s %d served by the healthy route; alone: %v\n", st.name, gusts, seen)
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%s: %w", st.name, err)
	}
	return nil
}

// checkState checks that the routes rest, and why.
func (st *storm) checkState(s *suite) error {
	all, err := s.gateway.routes()
	if err != nil {
		return err
	}
	for _, model := range []string{"backed", "alone"} {
		r, err := all.route(st.slug() + "-" + model + "#1")
		if err != nil {
			return err
		}
		if is := (health{Breaker: r.Breaker, Cause: r.Cause}); is != st.state {
			return fmt.Errorf("the route is %s for %q, not %s for %q, %s", is.Breaker, is.Cause, st.state.Breaker, st.state.Cause, model)
		}
	}
	return all.quiet()
}
