//go:build !linux

package main

import (
	"errors"
	"time"
)

// processCPU is known for Linux only.
func processCPU(int) (time.Duration, error) {
	return 0, errors.New("the CPU time of another process can be read on Linux only")
}
