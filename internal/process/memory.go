package process

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// Resident is the memory, in bytes, that the system gives the process.
func (p *Server) Resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, err
	}
	kilobytes, err := number(string(status), `VmRSS:\s+(\d+) kB`)
	return kilobytes << 10, err
}

// Heap is the memory of the process as Go's runtime sees it, in bytes, as runtime.MemStats
// has it.
type Heap struct {
	// Alloc is what is in use of the heap, Inuse what the spans take in which that lies.
	Alloc, Inuse int64
	// Idle is what no span takes, Released what of that the system has been given back.
	Idle, Released int64
	// Stack is what the stacks take.
	Stack int64
}

// Kept is what the runtime keeps of the system's memory though nothing is in it.
func (h *Heap) Kept() int64 { return h.Idle - h.Released }

// Heap measures the heap after garbage has been collected.
func (p *Server) Heap() (h Heap, err error) {
	text, err := p.Fetch("/debug/pprof/heap?gc=1&debug=1")
	for name, field := range map[string]*int64{"HeapAlloc": &h.Alloc, "HeapInuse": &h.Inuse, "HeapIdle": &h.Idle, "HeapReleased": &h.Released, "Stack": &h.Stack} {
		if err == nil {
			*field, err = number(text, "# "+name+` = (\d+)`)
		}
	}
	return h, err
}

// number finds the one number in a text.
func number(text, pattern string) (int64, error) {
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("there is no %s", pattern)
	}
	return strconv.ParseInt(found[1], 10, 64)
}
