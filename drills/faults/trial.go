package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
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
	status           int    // what the client was told
	ended            time.Time
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

// option is the model in the configuration.
func (t *trial) option() string {
	route := fmt.Sprintf("route %s up-%s {\n%s\n}\n", t.provider(), t.model, t.fault.limits)
	if t.backed {
		route += fmt.Sprintf("route healthy-%s up-%s\n", t.upstream.next(), t.model)
	}
	return fmt.Sprintf("model %s {\n%s}\n", t.model, route)
}

// provider is the name of the provider with the fault. Each trial has one of its own, so
// that neither budgets nor credentials know of another.
func (t *trial) provider() string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(t.fault.name) + "-" + t.model
}

// run makes the request and tells what the client saw, and what of it is wrong.
func (t *trial) run(s *suite) (saw string, err error) {
	if t.outcome().point == endless {
		saw, err = t.leave(s)
	} else {
		saw, err = t.ask(s)
	}
	t.ended = time.Now()
	return saw, errors.Join(err, t.checkCalls(s), t.checkLog(s))
}

// ask reads the answer to its end.
func (t *trial) ask(s *suite) (string, error) {
	got, err := post(s.gateway.site, t.client, request(t.model, t.stream))
	if err != nil {
		return "", err
	}
	t.status = got.status
	for _, leak := range []string{upstreamKey, "127.0.0.1", "nginx", "their words"} {
		if strings.Contains(got.body, leak) && (leak != "their words" || !t.same()) {
			return "", fmt.Errorf("the client is told %q: %s", leak, got.body)
		}
	}
	switch o := t.outcome(); {
	case o.point == early && !strings.HasPrefix(got.body, t.client.keepAlive()):
		return "", fmt.Errorf("the stream was not begun early: %.300s", got.body)
	case t.fallsBack():
		return "healthy route", checkServed(t.client, t.stream, got)
	case o.point == passes:
		return "served", checkServed(t.client, t.stream, got)
	case o.point == before:
		return t.refused(o, got)
	case o.point == early:
		return t.refusedInStream(o, got)
	}
	return "error in the stream", checkBroken(t.client, got, faultyText)
}

// same reports whether client and provider speak Messages: then the client is given the
// provider's errors as they came (CC14).
func (t *trial) same() bool { return t.client == messages && t.upstream == messages }

// checkServed checks the healthy provider's answer.
func checkServed(w wire, stream bool, got *answer) error {
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

// checkBroken checks a stream that had to break off when it had begun with a text.
func checkBroken(w wire, got *answer, text string) error {
	if got.status != 200 {
		return fmt.Errorf("status %d: %.300s", got.status, got.body)
	}
	said, err := readAnswer(w, true, got.body)
	if err == nil && (!strings.HasPrefix(said.text, text) || said.starts != 1 || said.ended || said.failed == "") {
		err = fmt.Errorf("it says %+v", said)
	}
	if err != nil {
		return fmt.Errorf("%w in %.2000s", err, got.body)
	}
	return nil
}

// refusedInStream checks the error of a stream that keep-alives alone have begun.
func (t *trial) refusedInStream(o outcome, got *answer) (string, error) {
	_, told := t.told(o)
	said, err := readAnswer(t.client, true, got.body)
	if err == nil && (got.status != 200 || said.text != "" || said.starts != 0 || said.ended || !strings.HasSuffix(said.failed, told)) {
		err = fmt.Errorf("%d, it says %+v in place of %s", got.status, said, told)
	}
	if err != nil {
		return "", fmt.Errorf("%w in %.2000s", err, got.body)
	}
	return strings.TrimSpace(said.failed) + " in the stream", nil
}

// refused checks an error's status, headers and body.
func (t *trial) refused(o outcome, got *answer) (string, error) {
	status, told := t.told(o)
	said, err := readError(t.client, got.body, got.header.Get("X-Request-Id"))
	if err != nil {
		return "", err
	}
	if got.status != status || !strings.HasSuffix(said, told) {
		return "", fmt.Errorf("%d %s in place of %d %s", got.status, said, status, told)
	}
	if err := t.checkRetryHeaders(o, got); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s", status, strings.TrimSpace(said)), nil
}

// checkRetryHeaders checks that the client is told how long a limit lasts, and that it
// need not repeat what has been repeated already.
func (t *trial) checkRetryHeaders(o outcome, got *answer) error {
	if m, _ := t.mark(); o.status == 429 {
		wait, err := strconv.Atoi(got.header.Get("Retry-After"))
		if err != nil || wait > int(m.rest/time.Second) || wait < 1 {
			return fmt.Errorf("Retry-After is %q, the rest %v", got.header.Get("Retry-After"), m.rest)
		}
	}
	repeated := o.route.fails && o.status != 503 && t.calls() > 1
	if spared := got.header.Get("X-Should-Retry") == "false"; repeated && !spared {
		return fmt.Errorf("after %d calls the client is not told that it need not try again", t.calls())
	}
	return nil
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
	t.status = statusClientClosed
	if seen := t.fault.seen(t.client); t.stream && seen != "" {
		if err := c.head(); err != nil {
			return "", err
		}
		if err := c.until(seen); err != nil {
			return "", err
		}
		t.status = c.status
	}
	c.close()
	return "leaves", nil
}

// statusClientClosed is what the access log has for a client that went before its answer.
const statusClientClosed = 499

// checkCalls checks how often each provider was called.
func (t *trial) checkCalls(s *suite) error {
	if n := s.healthy.called("up-" + t.model); n != t.callsBehind() {
		return fmt.Errorf("the healthy provider was called %d times, not %d", n, t.callsBehind())
	}
	if t.double == nil {
		return nil // it cannot be called
	}
	if n := t.double.called("up-" + t.model); n != t.calls() {
		return fmt.Errorf("the faulty provider was called %d times, not %d", n, t.calls())
	}
	return nil
}

// checkLog checks that the access log has one record of the request, and a true one.
func (t *trial) checkLog(s *suite) error {
	list := s.gateway.access.await(t.model)
	if len(list) != 1 {
		return fmt.Errorf("%d records in the access log: %+v", len(list), list)
	}
	got, by, o := list[0], t.provider(), t.outcome()
	if t.fallsBack() {
		by = "healthy-" + string(t.upstream.next())
	}
	switch {
	case t.status != 0 && got.Status != t.status:
		return fmt.Errorf("its status is %d, the client's %d", got.Status, t.status)
	case got.Attempts != t.calls()+t.callsBehind():
		return fmt.Errorf("xjp_attempts is %d, not %d", got.Attempts, t.calls()+t.callsBehind())
	case got.Gone != (o.point == endless):
		return fmt.Errorf("xjp_client_gone is %t", got.Gone)
	case o.point != endless && t.serves() != (got.Error == ""):
		return fmt.Errorf("xjp_error is %q", got.Error)
	case got.Provider != by:
		return fmt.Errorf("xjp_provider is %q, not %q", got.Provider, by)
	case got.usage != t.usage():
		return fmt.Errorf("%+v are settled, not %+v", got.usage, t.usage())
	}
	return nil
}

// checkRoutes checks what is known of the routes afterwards.
func (t *trial) checkRoutes(all *routes) error {
	faulty, err := all.route(t.model + "#1")
	if err != nil {
		return err
	}
	m, failures := t.mark()
	if err := faulty.bears(m, failures, time.Since(t.ended)); err != nil || !t.backed {
		return err
	}
	behind, err := all.route(t.model + "#2")
	if err != nil {
		return err
	}
	return behind.bears(mark{}, 0, 0)
}
