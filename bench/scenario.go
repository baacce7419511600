package main

import "time"

// bodyKind is the kind of a request's body.
type bodyKind string

// The bodies that are measured.
const (
	small bodyKind = "small"
	agent bodyKind = "62 KB agent"
	image bodyKind = "2 MB image"
)

// scenario is what the clients ask and how the upstream answers.
type scenario struct {
	name   string
	body   bodyKind
	stream bool
	// chunks is how many pieces of text the answer has.
	chunks int
	// pace is the time between two chunks; without it all come at once.
	pace time.Duration
	// clients is how many ask at the same time, requests how many they ask in one round.
	clients, requests int
}

// paced reports whether a scenario measures chunks and not requests.
func (s *scenario) paced() bool { return s.pace > 0 }

// effort is how much is measured.
type effort struct {
	rounds       int
	scale        float64 // of the requests in a round
	pacedRounds  int
	pacedChunks  int
	openStreams  int
	latencyTurns int
}

// The effort of a run by default and with -quick.
var (
	thorough = effort{rounds: 15, scale: 1, pacedRounds: 5, pacedChunks: 100, openStreams: 2000, latencyTurns: 40}
	quick    = effort{rounds: 6, scale: 0.2, pacedRounds: 3, pacedChunks: 40, openStreams: 1000, latencyTurns: 10}
)

// scenarios are the ones whose CPU time is measured.
func (e effort) scenarios() []scenario {
	of := func(requests int) int { return max(64, int(e.scale*float64(requests))) }
	return []scenario{
		{name: "small, whole", body: small, chunks: 20, clients: 32, requests: of(4000)},
		{name: "small, stream of 100", body: small, stream: true, chunks: 100, clients: 32, requests: of(2400)},
		{name: "62 KB agent, whole", body: agent, chunks: 20, clients: 32, requests: of(1200)},
		{name: "62 KB agent, stream of 100", body: agent, stream: true, chunks: 100, clients: 32, requests: of(1200)},
		{name: "2 MB image, whole", body: image, chunks: 20, clients: 16, requests: of(240)},
		{name: "chunk paced by 20 ms", body: small, stream: true, chunks: e.pacedChunks, pace: 20 * time.Millisecond, clients: 100, requests: 100},
	}
}
