package ledger

// syncDir does nothing: the file system journals what was made or removed in a folder.
func syncDir(string) error { return nil }
