//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package ledger

import (
	"errors"
	"os"
)

// tryLock has no lock to give: without one, two processes would settle the same journal.
func tryLock(*os.File) (bool, error) {
	return false, errors.New("the ledger's journal needs locks on files, which this system does not have")
}
