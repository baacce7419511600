package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// smallDisk is a file system that is soon full.
type smallDisk struct{ dir string }

// mount makes one, which only root can do.
func (b *bench) mount() (*smallDisk, error) {
	d := &smallDisk{dir: filepath.Join(b.dir, "disk")}
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		return nil, err
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", d.dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("a file system of two megabytes: %w: %w: %s", errDenied, err, strings.TrimSpace(string(out)))
	}
	b.closers = append(b.closers, func() { exec.Command("umount", d.dir).Run() })
	return d, nil
}

func (d *smallDisk) filler() string { return filepath.Join(d.dir, "filler") }

// fill takes all that is left of it.
func (d *smallDisk) fill() error {
	f, err := os.Create(d.filler())
	if err != nil {
		return err
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return err
}

// free gives it back.
func (d *smallDisk) free() error { return os.Remove(d.filler()) }

// startOnDisk starts a gateway with its journal on a small disk.
func (b *bench) startOnDisk(ledger string) (*smallDisk, *node, *crowd, error) {
	b.provider.pad = largeUsage
	d, err := b.mount()
	if err != nil {
		return nil, nil, nil, err
	}
	n, err := b.startNode("ledger {\njournal " + filepath.Join(d.dir, "journal") + "\n" + ledger + "}\n")
	if err != nil {
		return nil, nil, nil, err
	}
	known, err := n.newClient("known", nil)
	return d, n, b.newCrowd([]*client{known}, wellKnown, n), err
}

// strictDisk fills the disk that the journal is on: requests are refused before they cost
// anything, until there is room again.
func strictDisk(b *bench) error {
	d, n, c, err := b.startOnDisk("strict\n")
	if err != nil {
		return err
	}
	if err := b.refusesAndRecovers(c, d.fill, d.free); err != nil {
		return err
	}
	if _, err := b.audit(n, c, refused); err != nil {
		return err
	}
	return b.verdict()
}

// relaxedDisk does the same with a gateway that goes on. What the disk does not take is kept
// in memory, and written as room is made by what has been stored, so that as long as the store
// is there nothing need be lost; what is, is counted.
func relaxedDisk(b *bench) error {
	d, n, c, err := b.startOnDisk("")
	if err != nil {
		return err
	}
	return b.goesOnAndCounts(n, c, 0, d.fill, d.free)
}
