package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// routes is what the admin endpoint tells of the gateway's routes.
type routes struct {
	Routes    []*routeState
	Providers []*struct {
		Provider string
		load
	}
}

// routeState is what is known of a route.
type routeState struct {
	Route, Provider string
	health
	load
	Credentials []struct {
		Credential string
		health
	}
}

// health is the state of a breaker.
type health struct {
	Breaker, Cause string
	Failures       int
	Until          time.Time
}

// load is what is under way.
type load struct {
	InFlight int `json:"in_flight"`
	Queued   int
}

// routes asks for the state of all routes.
func (g *gateway) routes() (all *routes, err error) {
	text, err := g.Fetch("/xjp/routes")
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal([]byte(text), &all)
}

// quiet checks that no call is under way, and none waits.
func (all *routes) quiet() error {
	for _, r := range all.Routes {
		if r.load != (load{}) {
			return fmt.Errorf("route %s: %d calls are under way and %d wait", r.Route, r.InFlight, r.Queued)
		}
	}
	for _, p := range all.Providers {
		if p.load != (load{}) {
			return fmt.Errorf("provider %s: %d calls are under way and %d wait", p.Provider, p.InFlight, p.Queued)
		}
	}
	return nil
}

// route finds a route by its name.
func (all *routes) route(name string) (*routeState, error) {
	for _, r := range all.Routes {
		if r.Route == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("no route %s is known", name)
}

// bears checks that a route bears a mark, with so many failures in a row. Rests that are
// over by themselves may have left.
func (r *routeState) bears(m mark, failures int, since time.Duration) error {
	if err := r.health.bears(m, failures, since); err != nil {
		return fmt.Errorf("route %s: %w", r.Route, err)
	}
	if !m.refused {
		m = mark{}
	}
	for _, c := range r.Credentials {
		if err := c.bears(m, 0, since); err != nil {
			return fmt.Errorf("route %s, %s: %w", r.Route, c.Credential, err)
		}
	}
	return nil
}

// roughly is what times may be off by.
const roughly = 2 * time.Second

func (h *health) bears(m mark, failures int, since time.Duration) error {
	breaker := m.breaker
	if breaker == "" || m.rest < since && h.Breaker == "closed" {
		breaker, m = "closed", mark{}
	}
	left := time.Until(h.Until)
	switch {
	case h.Breaker != breaker, h.Cause != m.cause, h.Failures != failures:
		return fmt.Errorf("it is %s for %q after %d failures, not %s for %q after %d", h.Breaker, h.Cause, h.Failures, breaker, m.cause, failures)
	case m.rest > 0 && (left > m.rest || left < m.rest-since-roughly):
		return fmt.Errorf("it rests for %v, not %v", left, m.rest)
	}
	return nil
}

// tokens adds up the usage that the metrics have counted.
func (g *gateway) tokens() (sum usage, err error) {
	text, err := g.Fetch("/metrics")
	if err != nil {
		return sum, err
	}
	for kind, n := range map[string]*int{"input": &sum.Input, "output": &sum.Output} {
		for _, found := range regexp.MustCompile(`(?m)^caddy_xjp_tokens_total\{kind="`+kind+`",.*\} (\S+)$`).FindAllStringSubmatch(text, -1) {
			count, err := strconv.ParseFloat(found[1], 64)
			if err != nil {
				return sum, err
			}
			*n += int(count)
		}
	}
	return sum, nil
}
