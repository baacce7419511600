//go:build !windows

package ledger

import "os"

// syncDir makes sure that what was made or removed in a folder survives a power loss.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
