package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// profileSeconds is how long each profile takes.
const profileSeconds = 4

// profiles writes CPU and allocation profiles of the Caddy process under a scenario, one
// of each for each subject.
func (b *bench) profiles(dir string, s *scenario) error {
	for _, f := range b.fleets(s) {
		name := filepath.Join(dir, fileName(s.name+" "+f.subject.String()))
		for _, kind := range []string{"profile", "allocs"} {
			if err := b.profile(name+"."+kind, kind, f, s); err != nil {
				return err
			}
		}
		for _, c := range f.clients {
			c.close()
		}
	}
	return nil
}

// profile keeps the clients busy until the profile is there.
func (b *bench) profile(path, kind string, f *fleet, s *scenario) error {
	to, err := os.Create(path)
	if err != nil {
		return err
	}
	defer to.Close()
	done := make(chan error, 1)
	go func() { done <- b.of(f.subject).profile(to, fmt.Sprintf("%s?seconds=%d", kind, profileSeconds)) }()
	for {
		select {
		case err := <-done:
			return err
		default:
		}
		if _, err := b.round(f, s, min(s.requests, 10*s.clients)); err != nil {
			return err
		}
	}
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9]+`)

func fileName(s string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ReplaceAll(s, "→", "to"), "-"), "-")
}
