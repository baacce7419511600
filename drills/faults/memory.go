package main

import (
	"fmt"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// memory is what the process takes when garbage has been collected, in bytes.
type memory struct {
	resident int64
	process.Heap
}

// measure collects garbage twice, since pools give up what they hold in two turns.
func (g *gateway) measure() (m memory, err error) {
	for range 2 {
		if m.Heap, err = g.Heap(); err != nil {
			return m, err
		}
	}
	m.resident, err = g.Resident()
	return m, err
}

// needed is what the heap and the stacks take, held what is resident without what Go's
// runtime keeps for later and gives back to the system little by little.
func (m *memory) needed() int64 { return m.Inuse + m.Stack }
func (m *memory) held() int64   { return m.resident - m.Kept() }

// String tells all of it in MiB.
func (m *memory) String() string {
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	return fmt.Sprintf("%.1f resident, %.1f of it kept by the runtime; %.1f heap and %.1f stacks in use", mib(m.resident), mib(m.Kept()), mib(m.Inuse), mib(m.Stack))
}

// margin is by how much memory may be above the start level: what pools, metrics and the
// names of models have been filled with since.
func margin(start int64) int64 { return start/4 + 16<<20 }

// perStream is what the runtime keeps for good, in bytes, to manage the memory that a stream
// has needed at the height: records of spans, tables of the garbage collector.
const perStream = 8 << 10

// checkMemory checks that memory is back at the start level, and stays there.
func (s *soak) checkMemory() error {
	fmt.Println("memory in MiB: at the start", s.memory.String())
	for _, after := range []time.Duration{0, s.extent.rest} {
		time.Sleep(after)
		now, err := s.gateway.measure()
		if err != nil {
			return err
		}
		fmt.Printf("memory in MiB: %v after the streams %v\n", after, now.String())
		if start := s.memory.needed(); now.needed() > start+margin(start) {
			return fmt.Errorf("%d bytes of heap and stacks are in use %v after the streams, %d at the start", now.needed(), after, start)
		}
		if start := s.memory.held(); now.held() > start+margin(start)+int64(s.clients())*perStream {
			return fmt.Errorf("%d bytes are held %v after the streams, %d at the start", now.held(), after, start)
		}
	}
	return nil
}
