package main

import (
	"fmt"
	"os"
	"time"
)

// level is what the process holds open.
type level struct{ goroutines, files int }

// level measures the process.
func (g *gateway) level() (l level, err error) {
	profile, err := g.goroutines()
	if err != nil {
		return l, err
	}
	if _, err := fmt.Sscanf(profile, "goroutine profile: total %d", &l.goroutines); err != nil {
		return l, err
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.PID()))
	l.files = len(files)
	return l, err
}

// goroutines is the profile of all goroutines.
func (g *gateway) goroutines() (string, error) { return g.Fetch("/debug/pprof/goroutine?debug=1") }

// slack is by how much goroutines and files may be above the start level: what the
// measurement itself and Caddy's own timers need for a moment.
const slack = 3

// settles waits until goroutines and files are back at the start level.
func (g *gateway) settles(start level) error {
	var now level
	var err error
	if waitFor(10*time.Second, func() bool {
		now, err = g.level()
		return err == nil && now.goroutines <= start.goroutines+slack && now.files <= start.files+slack
	}) {
		return nil
	}
	if err != nil {
		return err
	}
	profile, _ := g.goroutines()
	return fmt.Errorf("%d goroutines and %d files are open, %d and %d at the start:\n%s", now.goroutines, now.files, start.goroutines, start.files, profile)
}
