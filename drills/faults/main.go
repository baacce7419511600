package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

// options are the command's flags.
type options struct {
	run, binary string
}

func main() {
	var o options
	flag.StringVar(&o.run, "run", "", "try only faults whose `name` matches this expression")
	flag.StringVar(&o.binary, "binary", "", "try this `caddy` instead of building one")
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
		if o.binary, err = build(dir); err != nil {
			return err
		}
	}
	s, err := newSuite(o.binary, dir, selected)
	defer s.close()
	if err != nil {
		return err
	}
	return s.run()
}
