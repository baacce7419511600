package main

import "time"

// turn is how many requests of one subject follow on each other when latency is measured.
const turn = 50

// latency measures the time of an answer at one client, subject by subject in short turns,
// and returns the medians.
func (b *bench) latency() (map[subject]time.Duration, error) {
	s := scenario{body: small, chunks: 20, clients: 1, requests: turn}
	fleets := b.fleets(&s)
	times := map[subject][]time.Duration{}
	for range b.effort.latencyTurns {
		for _, f := range fleets {
			b.mock.script.Store(f.script)
			for range turn {
				took, err := f.clients[0].ask()
				if err != nil {
					b.faults.add(f.subject, err)
					continue
				}
				times[f.subject] = append(times[f.subject], took)
			}
		}
	}
	medians := map[subject]time.Duration{}
	for _, f := range fleets {
		f.clients[0].close()
		medians[f.subject] = median(times[f.subject])
	}
	return medians, nil
}
