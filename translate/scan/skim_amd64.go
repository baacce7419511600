package scan

import "golang.org/x/sys/cpu"

var vectors = cpu.X86.HasAVX2 && cpu.X86.HasBMI1

// skim passes over the inside of a string, from the beginning of src on, as long as there
// are plain text and short escapes in whole blocks of 64 bytes. n is where it has stopped:
// at something else, or before the end of src, but never inside an escape. escaped
// reports whether there is a backslash before n, wide whether anything looked at is not
// ASCII.
func skim(src []byte) (n int, escaped, wide bool) {
	if !vectors {
		return skimWords(src)
	}
	return skimBlocks(src)
}

// skimBlocks is skim for processors with AVX2 and BMI1.
//
//go:noescape
func skimBlocks(src []byte) (n int, escaped, wide bool)
