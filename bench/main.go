package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// options are the command's flags.
type options struct {
	quick, check, json     bool
	accounts, servers      bool
	run, binary, doc, prof string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "measure less: about a minute and a half")
	flag.BoolVar(&o.check, "check", false, "fail if a ratio is above the most that is let pass")
	flag.BoolVar(&o.json, "json", false, "write JSON instead of a table")
	flag.BoolVar(&o.accounts, "accounts", false, "measure what keys, limits, prices and the ledger cost, in place of the comparison with reverse_proxy")
	flag.BoolVar(&o.servers, "servers", false, "with -accounts, keep the ledger in a PostgreSQL and count in a Redis, which are started, instead of in SQLite and memory")
	flag.StringVar(&o.run, "run", "", "measure only scenarios whose `name` matches this expression")
	flag.StringVar(&o.binary, "binary", "", "measure this `caddy` instead of building one")
	flag.StringVar(&o.doc, "doc", "", "write the table into this `file`, between its markers")
	flag.StringVar(&o.prof, "profile", "", "write profiles of each scenario into this `folder` instead of measuring")
	flag.Parse()
	if err := o.main(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *options) main() error {
	selected, err := regexp.Compile(o.run)
	if err != nil {
		return err
	}
	if o.servers && !o.accounts {
		return errors.New("-servers is for -accounts only")
	}
	dir, err := os.MkdirTemp("", "xjp-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{binary: o.binary, dir: dir, effort: thorough, subjects: subjects}
	if o.quick {
		b.effort = quick
	}
	if err := b.start(); err != nil {
		return err
	}
	defer b.mock.close()
	if o.accounts {
		engines, remove, err := o.engines(dir)
		if err != nil {
			return err
		}
		defer remove()
		if err := b.startAccounted(engines); err != nil {
			return err
		}
		defer b.accounted.Kill()
	}
	defer func() { b.gateway.Kill() }()
	if o.prof != "" {
		return b.profileAll(o.prof, selected)
	}
	rows, err := b.measure(selected)
	if err != nil {
		return err
	}
	if err := o.write(rows); err != nil {
		return err
	}
	return errors.Join(b.complete(), o.judge(rows))
}

// start builds the binary, unless there is one, and starts what is needed.
func (b *bench) start() (err error) {
	if b.binary == "" {
		fmt.Fprintln(os.Stderr, "building …")
		if b.binary, err = process.Build(b.dir); err != nil {
			return err
		}
	}
	if b.mock, err = startMock(); err != nil {
		return err
	}
	b.gateway, err = startGateway(b.binary, b.dir, b.mock.port(), withoutAccounts)
	return err
}

func (b *bench) profileAll(dir string, selected *regexp.Regexp) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range b.effort.scenarios() {
		if selected.MatchString(s.name) {
			if err := b.profiles(dir, &s); err != nil {
				return err
			}
		}
	}
	return b.complete()
}

// measure makes all rows that are selected by their scenario's name.
func (b *bench) measure(selected *regexp.Regexp) ([]row, error) {
	var rows []row
	for _, s := range b.effort.scenarios() {
		if !selected.MatchString(s.name) {
			continue
		}
		progress(s.name)
		found, err := b.compare(&s)
		if err != nil {
			return nil, err
		}
		rows = append(rows, costRows(&s, found, b.subjects)...)
	}
	if b.accounted != nil {
		return rows, nil
	}
	if selected.MatchString("latency") {
		progress("latency")
		medians, err := b.latency()
		if err != nil {
			return nil, err
		}
		rows = append(rows, latencyRows(medians)...)
	}
	if selected.MatchString("memory") {
		progress("memory")
		streams := min(b.effort.openStreams, maxStreams())
		found, err := b.memory(streams)
		if err != nil {
			return nil, err
		}
		rows = append(rows, memoryRows(streams, found)...)
	}
	return rows, nil
}

func progress(name string) {
	fmt.Fprintf(os.Stderr, "%s %s …\n", time.Now().Format(time.TimeOnly), name)
}

// maxStreams is how many streams the file descriptors of a process allow: each has a
// client's and an upstream's connection. Go raises the soft limit by itself.
func maxStreams() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 100
	}
	return int(min(limit.Cur, 1<<20)-spareFiles) / 2
}

// complete tells which answers were not whole.
func (b *bench) complete() error {
	var list []string
	for what, n := range b.faults.what {
		list = append(list, fmt.Sprintf("%d times %s", n, what))
	}
	if n := b.mock.wrong.Load(); n > 0 {
		list = append(list, fmt.Sprintf("%d requests did not reach the upstream whole", n))
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return errors.New("answers were not complete:\n\t" + strings.Join(list, "\n\t"))
}

// write shows the rows.
func (o *options) write(rows []row) error {
	if o.json {
		return writeJSON(os.Stdout, rows)
	}
	writeMarkdown(os.Stdout, rows, o.baseline())
	if o.doc == "" {
		return nil
	}
	var table bytes.Buffer
	fmt.Fprintf(&table, "Made by `go run ./bench %s` with %s, %d CPUs, commit %s.\n\n", strings.Join(os.Args[1:], " "), runtime.Version(), runtime.NumCPU(), commit())
	writeMarkdown(&table, rows, o.baseline())
	return updateDocument(o.doc, o.table(), table.Bytes())
}

// table is the name of the table that is made.
func (o *options) table() string {
	switch {
	case o.servers:
		return "bench accounts servers"
	case o.accounts:
		return "bench accounts"
	}
	return "bench"
}

// baseline is what the rows are compared with.
func (o *options) baseline() string {
	if o.accounts {
		return "without accounts"
	}
	return "reverse_proxy"
}

// commit names what was measured.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// judge fails if -check is given and a row is too much.
func (o *options) judge(rows []row) error {
	var list []string
	for _, r := range rows {
		if o.check && r.tooMuch() {
			list = append(list, fmt.Sprintf("%s, %s: %.2f is more than %.4g", r.Scenario, r.Subject, r.Ratio, r.Most))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return errors.New("too much:\n\t" + strings.Join(list, "\n\t"))
}
