package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/rickyjim626/xjp-gateway/internal/process"
)

// options are the command's flags.
type options struct {
	run, binary string
	short       bool
	seed        uint64
}

func main() {
	var o options
	flag.StringVar(&o.run, "run", "", "make only the trials whose `name` matches this expression")
	flag.StringVar(&o.binary, "binary", "", "try this `caddy` instead of building one")
	flag.BoolVar(&o.short, "short", false, "make the trials short, in about a minute and a half")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "the `seed` of all that is random")
	flag.Parse()
	if err := o.main(); err != nil {
		fmt.Fprintf(os.Stderr, "ledger: %v\nthe seed was %d\n", err, o.seed)
		os.Exit(1)
	}
}

// trials are all of them, by their names.
var trials = []struct {
	name string
	make func(*bench) error
}{
	{"kills", killed},
	{"outage of the database", outage},
	{"outage of the database, strict", strictOutage},
	{"outage of the database, relaxed", relaxedOutage},
	{"full disk, strict", strictDisk},
	{"full disk, relaxed", relaxedDisk},
	{"Redis hangs", hanging},
	{"Redis away, local", localCounts},
	{"Redis away, deny", denyCounts},
	{"Redis away, allow", allowCounts},
	{"places of a killed process", leftPlaces},
	{"several nodes", several},
}

func (o *options) main() error {
	selected, err := regexp.Compile(o.run)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	dir, err := os.MkdirTemp("", "xjp-ledger")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		if o.binary, err = process.Build(dir); err != nil {
			return err
		}
	}
	fmt.Println("seed", o.seed)
	var wrong []error
	for _, t := range trials {
		if selected.MatchString(t.name) {
			wrong = append(wrong, o.try(t.name, dir, t.make))
		}
	}
	return errors.Join(wrong...)
}

var (
	// errAbsent says that a trial needs a server that is not on this machine, errDenied that
	// it needs what this user may not do.
	errAbsent = errors.New("not on this machine")
	errDenied = errors.New("not for this user")
)

// try makes one trial.
func (o *options) try(name, dir string, trial func(*bench) error) error {
	fmt.Println("#", name)
	began := time.Now()
	b, err := newBench(o, dir)
	if err != nil {
		return err
	}
	defer b.close()
	switch err = trial(b); {
	case errors.Is(err, errDenied), errors.Is(err, errAbsent) && os.Getenv("XJP_NEED_SERVERS") != "1":
		fmt.Println("skipped:", err)
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Printf("as it should be, in %.0f s\n", time.Since(began).Seconds())
	return nil
}
