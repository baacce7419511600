package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// one makes a request at one of the sites and judges its answer.
func (s *soak) one(at int, id string) {
	client, model := clientWires[s.chance(2)], wires[s.chance(3)]
	stream := s.chance(5) > 0
	body := strings.Replace(request("soak-"+string(model), stream), "Hi there", id, 1)
	where := fmt.Sprintf("%s client, %s provider, stream %t", client, model, stream)

	s.site.RLock()
	if s.stopping.Load() {
		s.site.RUnlock()
		return
	}
	loads, loading := s.loads.Load(), s.loading.Load() > 0
	if s.lone.Load() {
		at = 0
	}
	c, err := ask([]string{s.gateway.site, s.gateway.annex}[at], client, body, time.Duration(s.pieces)*s.pace+3*patience)
	if err == nil {
		defer c.close()
		err = c.head()
	}
	s.site.RUnlock()
	if err != nil && s.betweenListeners(id, loads, loading) {
		s.lost.Add(1)
		return
	}
	if err == nil {
		err = s.rest(c, stream)
	}
	if err != nil {
		s.complain("%s: %s (%s)", where, inCommon(err), s.seen(id))
		return
	}
	s.judge(at, where, id, client, stream, &c.answer)
}

// rest reads an answer to its end, and counts it while it is an open stream.
func (s *soak) rest(c *client, stream bool) error {
	if stream {
		open := s.open.Add(1)
		for most := s.most.Load(); open > most && !s.most.CompareAndSwap(most, open); {
			most = s.most.Load()
		}
		defer s.open.Add(-1)
	}
	return c.rest()
}

// betweenListeners reports whether a call without any answer is none of the gateway's. When
// a configuration is loaded Caddy changes listeners, and new connections that wait in the
// old one's queue are closed, as with any other handler; official SDKs ask again. The
// gateway has not seen them if no provider has.
func (s *soak) betweenListeners(id string, loads int64, loading bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, reached := s.reached[id]
	return !reached && (loading || s.loads.Load() != loads)
}

// seen tells whether a call has come to a provider.
func (s *soak) seen(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, reached := s.reached[id]; reached {
		return "a provider has seen it"
	}
	return "no provider has seen it"
}

// reach notes that a call has come to a provider, and whether it is broken on purpose.
func (s *soak) reach(x *exchange, cut bool) {
	_, id, _ := strings.Cut(x.body, "call-")
	id, _, _ = strings.Cut(id, ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached["call-"+id+"."] = cut
}

// inCommon shortens the errors of connections and leaves out the ids of requests, so that
// equal ones are counted together.
func inCommon(err error) string {
	text := requestID.ReplaceAllString(err.Error(), "req_…")
	if i := strings.LastIndex(text, ": "); strings.Contains(text, "127.0.0.1") && i >= 0 {
		text = text[i+2:]
	}
	return text
}

var requestID = regexp.MustCompile(`req_[0-9a-z]+`)

// judge says whether an answer is what it may be.
func (s *soak) judge(at int, where, id string, client wire, stream bool, got *answer) {
	if got.status != 200 {
		s.note(got, false)
		s.complain("%s: %d that a healthy route could have avoided: %.200s", where, got.status, got.body)
		return
	}
	said, err := readAnswer(client, stream, got.body)
	s.mu.Lock()
	cut := s.reached[id]
	s.mu.Unlock()
	s.note(got, said.failed == "")
	switch {
	case err != nil:
		s.complain("%s: %v", where, err)
	case said.starts != 1 && said.failed == "":
		s.complain("%s: it begins %d times", where, said.starts)
	case said.failed == "" && said.ended && said.text == s.text():
		s.served.Add(1)
	case said.failed != "" && cut:
		s.broken.Add(1)
	case said.failed != "" && s.stopping.Load() && strings.Contains(got.body, "the gateway is shutting down"):
		s.parted[at].Add(1)
	default:
		s.complain("%s: broken, though nobody broke it: %q %s", where, said.failed, tail(got.body))
	}
}

// piece is one piece of a stream's text.
func piece(i int) string { return fmt.Sprintf("p%03d ", i) }

// text is what all answers say.
func (s *soak) text() string {
	var b strings.Builder
	for i := range s.pieces {
		b.WriteString(piece(i))
	}
	return b.String()
}

// well answers well, a stream in its pace.
func (s *soak) well(x *exchange) {
	s.reach(x, false)
	x.begin()
	if x.stream {
		x.chunk(x.wire.lifecycle())
		for i := range s.pieces {
			x.chunk(x.wire.content(piece(i)))
			time.Sleep(s.pace)
			if x.err != nil {
				return
			}
		}
		x.chunk(x.wire.ending())
	} else {
		x.chunk(x.wire.whole(s.text()))
	}
	x.end()
}

// soon are the ways to fail before content, late those after it.
var (
	soon = []act{
		(*exchange).reset, (*exchange).hold, func(*exchange) {},
		status(429, theirWords), status(500, theirWords), status(503, theirWords, "Retry-After: 1"),
		afterStart((*exchange).reset), afterStart((*exchange).end), afterStart((*exchange).hold),
	}
	late = []act{
		(*exchange).reset, (*exchange).end,
		func(x *exchange) { x.chunk(frame(x.wire.failure())) },
		func(x *exchange) { x.chunk(x.wire.content("more")[:30]) },
		func(x *exchange) { x.chunk(insideCharacter(x)) },
	}
)

// badly fails in three of ten cases before content and in one after it.
func (s *soak) badly(x *exchange) {
	switch n := s.chance(10); {
	case n < 3:
		s.reach(x, false)
		soon[s.chance(len(soon))](x)
	case n == 3 && x.stream:
		s.breakOff(x, late[s.chance(len(late))])
	default:
		s.well(x)
	}
}

// breakOff breaks a stream on purpose.
func (s *soak) breakOff(x *exchange, how act) {
	s.reach(x, true)
	x.begin()
	x.chunk(x.wire.lifecycle())
	for i := range 1 + s.chance(s.pieces/2) {
		x.chunk(x.wire.content(piece(i)))
		time.Sleep(s.pace)
	}
	how(x)
}
