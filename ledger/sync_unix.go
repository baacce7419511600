//go:build !windows

package ledger

import (
	"errors"
	"os"
)

// syncDir makes sure that what was made or removed in a folder survives a power loss.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
