package main

import "fmt"

// told is what a client was told: the status, and whether the answer is a whole one.
type told struct {
	status int
	good   bool
}

// note keeps what a client was told, for the access log.
func (s *soak) note(got *answer, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered[got.header.Get("X-Request-Id")] = told{got.status, good}
}

// checkLog checks that the access log has one record of each request that a client has
// sent, with what that client was told, and no other.
func (s *soak) checkLog() error {
	logged := s.gateway.access.byID()
	fmt.Printf("%d requests are in the access log\n", len(logged))
	if len(logged) != len(s.answered) {
		s.complain("%d requests are in the access log, %d were answered", len(logged), len(s.answered))
	}
	for id, t := range s.answered {
		list := logged[id]
		if len(list) != 1 {
			s.complain("a request with %d records in the access log", len(list))
			continue
		}
		switch a := list[0]; {
		case a.Status != t.status:
			s.complain("the access log says %d, the client was told %d", a.Status, t.status)
		case a.Gone, a.Attempts == 0:
			s.complain("the access log says that the client has gone (%t), or that nobody was called (%d)", a.Gone, a.Attempts)
		case t.good && (a.usage != served || a.Error != ""):
			s.complain("%+v and the error %q are in the access log for a good answer", a.usage, a.Error)
		case !t.good && a.Error == "":
			s.complain("the access log has no error for an answer that failed")
		}
	}
	return nil
}
