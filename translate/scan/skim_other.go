//go:build !amd64

package scan

// skim passes over the inside of a string, from the beginning of src on, as long as there
// is plain text. n is where it has stopped.
func skim(src []byte) (n int, escaped, wide bool) { return skimWords(src) }
