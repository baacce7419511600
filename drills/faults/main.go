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
	soak, short bool
	seed        uint64
}

func main() {
	var o options
	flag.StringVar(&o.run, "run", "", "try only faults whose `name` matches this expression")
	flag.StringVar(&o.binary, "binary", "", "try this `caddy` instead of building one")
	flag.BoolVar(&o.soak, "soak", false, "soak the gateway with streams, faults and reloads in place of the suite")
	flag.BoolVar(&o.short, "short", false, "soak with 200 streams in place of 2,000, for about a minute")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "the `seed` of the soak's faults")
	flag.Parse()
	if err := o.main(); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func (o *options) main() error {
	selected, err := regexp.Compile(o.run)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	dir, err := os.MkdirTemp("", "xjp-faults")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		if o.binary, err = process.Build(dir); err != nil {
			return err
		}
	}
	if o.soak {
		size := thorough
		if o.short {
			size = brief
		}
		return runSoak(o.binary, dir, o.seed, size)
	}
	var wrong []error
	for i := range settings {
		wrong = append(wrong, settings[i].try(o.binary, dir, selected))
	}
	return errors.Join(wrong...)
}
