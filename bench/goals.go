package main

// goal is what a row should reach, as a multiple of reverse_proxy.
type goal struct {
	// aim is what we want, most what -check lets pass. Zero is no bound.
	aim, most float64
}

// goalOf tells the goal for a subject's CPU time in a scenario.
func goalOf(s *scenario, sub subject) goal {
	switch {
	case sub.accounts:
		return goal{1.2, 1.3}
	case s.paced() && sub.same():
		return goal{1.05, 1.15}
	case s.paced():
		return goal{1.2, 1.4}
	case sub.same() && s.body == image:
		return goal{1.3, 1.5}
	case sub.same():
		return goal{1.2, 1.5}
	case s.body == image:
		return goal{3, 4}
	case !s.stream:
		return goal{}
	case s.body == agent:
		return goal{4, 5}
	}
	return goal{1.4, 2}
}

// memoryGoal is the goal for the memory of an open stream.
var memoryGoal = goal{1.1, 1.25}

// latencyAim is the time that an answer at one client may take longer, in milliseconds.
const latencyAim = 0.1
