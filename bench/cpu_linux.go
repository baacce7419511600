package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the CPU time, user and system, that a process has used so far. Each
// process has a clock for it, whose number follows from the process's own
// (clock_getcpuclockid(3)); /proc counts in ticks, too coarse for short rounds.
func processCPU(pid int) (time.Duration, error) {
	const scheduled = 2
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|scheduled), &t)
	return time.Duration(t.Nano()), err
}
