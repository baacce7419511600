package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// setting is a configuration with the faults that are tried under it.
type setting struct {
	name    string
	options string
	faults  []fault
	storms  []storm
}

// settings are all of them. With one round, calls can be counted.
var settings = []setting{
	{name: "one round", options: "retry 0", faults: faults, storms: storms},
	{name: "one round, early headers", options: fmt.Sprintf("retry 0\nkeep_alive %v", silence), faults: earlyFaults},
	{name: "three rounds, as by default", faults: roundFaults},
}

// suite tries each fault of a setting.
type suite struct {
	*setting
	gateway *gateway
	healthy *double
	places  places
	doubles map[*fault]*double
	trials  map[*fault][]*trial
	order   []*fault
	gales   []*storm // those that are tried
	start   level
}

// try tries the faults of the setting whose names match, and prints what clients saw.
func (st *setting) try(binary, dir string, selected *regexp.Regexp) error {
	s := &suite{setting: st, doubles: map[*fault]*double{}, trials: map[*fault][]*trial{}}
	defer s.close()
	if err := s.listen(selected); err != nil {
		return err
	}
	if len(s.order)+len(s.gales) == 0 {
		return nil
	}
	fmt.Println("#", st.name)
	s.plan()
	var err error
	if s.gateway, err = startGateway(binary, dir, s.config()); err != nil {
		return err
	}
	return s.run()
}

// listen starts the providers.
func (s *suite) listen(selected *regexp.Regexp) (err error) {
	if s.healthy, err = newDouble(healthy, nil); err != nil {
		return err
	}
	if s.places.plain, err = newDouble(healthy, nil); err != nil {
		return err
	}
	certificate, err := unknownCA()
	if err != nil {
		return err
	}
	if s.places.secure, err = newDouble(healthy, certificate); err != nil {
		return err
	}
	if s.places.full, err = newFullBacklog(); err != nil {
		return err
	}
	free, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	s.places.refused = free[0]
	for i := range s.faults {
		f := &s.faults[i]
		if !selected.MatchString(f.name) {
			continue
		}
		s.order = append(s.order, f)
		if f.place == nil {
			if s.doubles[f], err = newDouble(f.act, nil); err != nil {
				return err
			}
		}
	}
	for i := range s.storms {
		if st := &s.storms[i]; selected.MatchString(st.name) {
			s.gales = append(s.gales, st)
			if err = st.listen(); err != nil {
				return err
			}
		}
	}
	return nil
}

// plan makes the trials.
func (s *suite) plan() {
	n := 0
	for _, f := range s.order {
		for _, upstream := range wires {
			for _, client := range clientWires {
				for _, form := range []int{0, 1, 2, 3} {
					n++
					t := &trial{fault: f, double: s.doubles[f], upstream: upstream, client: client, stream: form&1 == 1, backed: form&2 == 2, model: fmt.Sprintf("t%d", n)}
					if t.outcome().point != never {
						s.trials[f] = append(s.trials[f], t)
					}
				}
			}
		}
	}
}

// config configures all providers and models.
func (s *suite) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nmax_event %d\ntimeout {\nconnect 1s\n}\n", s.options, maxEvent)
	for _, w := range wires {
		b.WriteString(providerOption("healthy-"+string(w), w, "http://"+s.healthy.address()))
	}
	for _, f := range s.order {
		for _, t := range s.trials[f] {
			b.WriteString(providerOption(t.provider(), t.upstream, s.base(f)))
			b.WriteString(t.option())
		}
	}
	for _, st := range s.gales {
		b.WriteString(st.option())
	}
	fmt.Fprintf(&b, "model warm {\nroute healthy-chat up-warm\nroute healthy-messages up-warm\n}\n")
	return b.String()
}

// base is the address of the provider with a fault.
func (s *suite) base(f *fault) string {
	if f.place != nil {
		return f.place(&s.places)
	}
	return "http://" + s.doubles[f].address()
}

// providerOption is a provider in the configuration.
func providerOption(name string, w wire, base string) string {
	return fmt.Sprintf("provider %s %s {\napi_key %s\nbase_url %s\n}\n", name, w.kind(), upstreamKey, base)
}

// close ends all that was started.
func (s *suite) close() {
	if s.gateway != nil {
		s.gateway.Kill()
	}
	for _, d := range s.doubles {
		if d != nil {
			d.close()
		}
	}
	for _, st := range s.gales {
		if st.double != nil {
			st.double.close()
		}
	}
	for _, d := range []*double{s.healthy, s.places.plain, s.places.secure} {
		if d != nil {
			d.close()
		}
	}
	if s.places.full != nil {
		s.places.full.close()
	}
}

// run tries fault after fault and prints a row for each form of client.
func (s *suite) run() error {
	for _, w := range clientWires {
		got, err := post(s.gateway.site, w, request("warm", true))
		if err != nil {
			return err
		}
		if err := checkServed(w, true, got); err != nil {
			return err
		}
	}
	s.healthy.dropIdle()
	time.Sleep(200 * time.Millisecond)
	var err error
	if s.start, err = s.gateway.level(); err != nil {
		return err
	}
	var wrong []error
	for _, f := range s.order {
		wrong = append(wrong, s.try(f))
	}
	for _, st := range s.gales {
		wrong = append(wrong, st.try(s))
	}
	wrong = append(wrong, s.settledOnce())
	return errors.Join(append(wrong, s.gateway.healthy())...)
}

// try makes all trials of a fault at once, and checks that nothing is left of them.
func (s *suite) try(f *fault) error {
	var mu sync.Mutex
	var wrong []error
	saw := map[string][]string{}
	var running sync.WaitGroup
	for _, t := range s.trials[f] {
		running.Go(func() {
			what, err := t.run(s)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				what = "WRONG"
				wrong = append(wrong, fmt.Errorf("%s: %w", t, err))
			}
			row := fmt.Sprintf("%-44s %-9s %-7t %-8s", f.name, t.client, t.stream, map[bool]string{false: "alone", true: "backed"}[t.backed])
			if !slices.Contains(saw[row], what) {
				saw[row] = append(saw[row], what)
			}
		})
	}
	running.Wait()
	var rows []string
	for row, what := range saw {
		slices.Sort(what)
		rows = append(rows, row+" "+strings.Join(what, " or "))
	}
	slices.Sort(rows)
	fmt.Fprintln(os.Stdout, strings.Join(rows, "\n"))
	return errors.Join(append(wrong, s.checkRoutes(f), s.nothingLeft(f))...)
}

// checkRoutes waits until all calls are over, and checks what is known of the routes then.
func (s *suite) checkRoutes(f *fault) error {
	var wrong error
	waitFor(5*time.Second, func() bool {
		all, err := s.gateway.routes()
		if err == nil {
			err = all.quiet()
		}
		for _, t := range s.trials[f] {
			if err == nil {
				if err = t.checkRoutes(all); err != nil {
					err = fmt.Errorf("%s: %w", t, err)
				}
			}
		}
		wrong = err
		return err == nil
	})
	return wrong
}

// settledOnce checks that what was counted in all is what the access log has.
func (s *suite) settledOnce() error {
	counted, err := s.gateway.tokens()
	if logged := s.gateway.access.settled(); err == nil && counted != logged {
		err = fmt.Errorf("%+v are counted in the metrics, %+v in the access log", counted, logged)
	}
	return err
}

// nothingLeft checks that no request goes on, and that no goroutine and no file is left.
func (s *suite) nothingLeft(f *fault) error {
	if d := s.doubles[f]; d != nil {
		if !waitFor(5*time.Second, func() bool { return d.answering() == 0 }) {
			return fmt.Errorf("%s: %d requests go on at the provider", f.name, d.answering())
		}
		d.dropIdle()
	}
	s.healthy.dropIdle()
	if err := s.gateway.settles(s.start); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	for _, t := range s.trials[f] {
		if n := len(s.gateway.access.of(t.model)); n != 1 {
			return fmt.Errorf("%s: %d records in the access log afterwards", t, n)
		}
	}
	return nil
}
