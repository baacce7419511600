package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"
)

// level is what the process holds.
type level struct {
	goroutines, files int
	resident          int64 // bytes
}

// level measures the process.
func (g *gateway) level() (l level, err error) {
	profile, err := g.goroutines()
	if err != nil {
		return l, err
	}
	if _, err := fmt.Sscanf(profile, "goroutine profile: total %d", &l.goroutines); err != nil {
		return l, err
	}
	proc := fmt.Sprintf("/proc/%d/", g.cmd.Process.Pid)
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		return l, err
	}
	l.files = len(files)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return l, err
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return l, fmt.Errorf("%sstatus has no VmRSS", proc)
	}
	l.resident, err = strconv.ParseInt(string(found[1]), 10, 64)
	l.resident <<= 10
	return l, err
}

// goroutines is the profile of all goroutines.
func (g *gateway) goroutines() (string, error) { return g.profile("goroutine?debug=1") }

func (g *gateway) profile(name string) (string, error) { return g.fetch("/debug/pprof/" + name) }

// heap is what is in use of the heap after garbage was collected: twice, since pools give
// up what they hold in two turns.
func (g *gateway) heap() (int64, error) {
	if _, err := g.profile("heap?gc=1&debug=1"); err != nil {
		return 0, err
	}
	text, err := g.profile("heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`# HeapAlloc = (\d+)`).FindStringSubmatch(text)
	if found == nil {
		return 0, errors.New("the profile of the heap has no HeapAlloc")
	}
	return strconv.ParseInt(found[1], 10, 64)
}

// fetch reads from the admin endpoint.
func (g *gateway) fetch(path string) (string, error) {
	res, err := g.ask(http.MethodGet, path, "")
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var text bytes.Buffer
	_, err = io.Copy(&text, res.Body)
	return text.String(), err
}

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
