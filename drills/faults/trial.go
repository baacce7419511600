package main

import (
	"errors"
	"fmt"
	"strings"
)

// places are where providers are that do not even answer.
type places struct {
	refused       string
	full          *fullBacklog
	plain, secure *double
}

// trial is one request whose first route has a fault.
type trial struct {
	fault            *fault
	double           *double // nil if the fault is a place
	upstream, client wire
	stream, backed   bool
	model            string // its name for clients, "up-" before it for providers
}

// String names a trial in messages.
func (t *trial) String() string {
	form, behind := "whole", "alone"
	if t.stream {
		form = "stream"
	}
	if t.backed {
		behind = "with a healthy route behind"
	}
	return fmt.Sprintf("%s: %s client, %s provider, %s, %s", t.fault.name, t.client, t.upstream, form, behind)
}

// outcome is what the fault must lead to.
func (t *trial) outcome() outcome {
	if t.stream {
		return t.fault.stream
	}
	return t.fault.whole
}

// option is the model in the configuration.
func (t *trial) option() string {
	route := fmt.Sprintf("route %s up-%s {\n%s\n}\n", t.provider(), t.model, t.fault.limits)
	if t.backed {
		route += fmt.Sprintf("route healthy-%s up-%s\n", t.upstream.next(), t.model)
	}
	return fmt.Sprintf("model %s {\n%s}\n", t.model, route)
}

// provider is the name of the provider with the fault.
func (t *trial) provider() string {
	return strings.ReplaceAll(t.fault.name, " ", "-") + "-" + string(t.upstream)
}

// run makes the request and tells what the client saw, and what of it is wrong.
func (t *trial) run(s *suite) (saw string, err error) {
	if t.outcome().point == endless {
		saw, err = t.leave(s)
	} else {
		saw, err = t.ask(s)
	}
	return saw, errors.Join(err, t.checkCalls(s), t.checkLog(s))
}

// ask reads the answer to its end.
func (t *trial) ask(s *suite) (string, error) {
	got, err := post(s.gateway.site, t.client, request(t.model, t.stream))
	if err != nil {
		return "", err
	}
	for _, leak := range []string{upstreamKey, "127.0.0.1", "nginx", "their words"} {
		if strings.Contains(got.body, leak) && (leak != "their words" || !t.same()) {
			return "", fmt.Errorf("the client is told %q: %s", leak, got.body)
		}
	}
	switch o := t.outcome(); {
	case o.point == before && t.backed:
		return "healthy route", served(t.client, t.stream, got)
	case o.point == before:
		return t.refused(o, got)
	}
	return "error in the stream", broken(t.client, got, faultyText)
}

// same reports whether client and provider speak Messages: then the client is given the
// provider's errors as they came (CC14).
func (t *trial) same() bool { return t.client == messages && t.upstream == messages }

// served checks the healthy provider's answer.
func served(w wire, stream bool, got *answer) error {
	if got.status != 200 {
		return fmt.Errorf("status %d in place of the healthy route: %.300s", got.status, got.body)
	}
	said, err := readAnswer(w, stream, got.body)
	if err == nil && (said.text != healthyText || said.starts != 1 || !said.ended || said.failed != "") {
		err = fmt.Errorf("it says %+v", said)
	}
	if err != nil {
		return fmt.Errorf("%w in %.2000s", err, got.body)
	}
	return nil
}

// broken checks a stream that had to break off after a text.
func broken(w wire, got *answer, text string) error {
	if got.status != 200 {
		return fmt.Errorf("status %d: %.300s", got.status, got.body)
	}
	said, err := readAnswer(w, true, got.body)
	if err == nil && (said.text != text || said.starts != 1 || said.ended || said.failed == "") {
		err = fmt.Errorf("it says %+v", said)
	}
	if err != nil {
		return fmt.Errorf("%w in %.2000s", err, got.body)
	}
	return nil
}

// refused checks an error's status, headers and body.
func (t *trial) refused(o outcome, got *answer) (string, error) {
	status, told := o.status, o.code
	if t.client == messages {
		told = messagesType[o.status]
		if status == 503 {
			status = 529
		}
	}
	said, err := readError(t.client, got.body, got.header.Get("X-Request-Id"))
	if err != nil {
		return "", err
	}
	if got.status != status || !strings.HasSuffix(said, told) {
		return "", fmt.Errorf("%d %s in place of %d %s", got.status, said, status, told)
	}
	if wait := got.header.Get("Retry-After"); strings.HasSuffix(t.fault.name, "Retry-After") && wait != "7" && wait != "6" {
		return "", fmt.Errorf("Retry-After is %q", wait)
	}
	return fmt.Sprintf("%d %s", status, strings.TrimSpace(said)), nil
}

// leave goes away, in the middle of a stream or while nothing has come.
func (t *trial) leave(s *suite) (string, error) {
	c, err := ask(s.gateway.site, t.client, request(t.model, t.stream), patience)
	if err != nil {
		return "", err
	}
	defer c.close()
	if !waitFor(patience, func() bool { return t.double.called("up-"+t.model) > 0 }) {
		return "", errors.New("the provider was not called")
	}
	if t.stream && t.fault.name == "never-ending answer" {
		if err := c.head(); err != nil {
			return "", err
		}
		if err := c.until(faultyText); err != nil {
			return "", err
		}
	}
	c.close()
	return "leaves", nil
}

// checkCalls checks how often each provider was called.
func (t *trial) checkCalls(s *suite) error {
	o := t.outcome()
	behind := 0
	if t.backed && o.point == before {
		behind = 1
	}
	if n := s.healthy.called("up-" + t.model); n != behind {
		return fmt.Errorf("the healthy provider was called %d times, not %d", n, behind)
	}
	if t.double == nil {
		return nil // it cannot be called
	}
	if n := t.double.called("up-" + t.model); n < 1 || n > t.mostCalls() {
		return fmt.Errorf("the faulty provider was called %d times, not %d", n, t.mostCalls())
	}
	return nil
}

// mostCalls is how often the faulty provider may be called: once, but for the 500 that
// Gemini's is asked to try again within the budget.
func (t *trial) mostCalls() int {
	if t.fault.again && t.upstream == gemini {
		return 2
	}
	return 1
}

// checkLog checks that the access log has one record of the request, and a true one.
func (t *trial) checkLog(s *suite) error {
	list := s.gateway.access.await(t.model)
	if len(list) != 1 {
		return fmt.Errorf("%d records in the access log: %+v", len(list), list)
	}
	got, o := list[0], t.outcome()
	least := 1
	if t.backed && o.point == before {
		least = 2
	}
	switch {
	case got.Attempts < least || got.Attempts > least+t.mostCalls()-1:
		return fmt.Errorf("xjp_attempts is %d, not %d", got.Attempts, least)
	case got.Gone != (o.point == endless):
		return fmt.Errorf("xjp_client_gone is %t", got.Gone)
	case o.point == before && t.backed && got.Error != "", o.point != endless && !(o.point == before && t.backed) && got.Error == "":
		return fmt.Errorf("xjp_error is %q", got.Error)
	case o.point == before && t.backed && got.Provider != "healthy-"+string(t.upstream.next()):
		return fmt.Errorf("xjp_provider is %q", got.Provider)
	}
	return nil
}
