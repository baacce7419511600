package scan

import (
	"bytes"
	"encoding/binary"

	"github.com/segmentio/asm/ascii"
)

// ones has the value 1 in each of a word's eight bytes, high their highest bits.
const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// special marks the highest bit of the bytes of w that do not simply stand for
// themselves in a string: a quote, a backslash or a control character. Adding 0x7f to
// what is not 0 sets the highest bit; with one bit flipped, a quote lies just above the
// control characters, so that both are found in one sum.
func special(w uint64) uint64 {
	low := w &^ high
	return ^(((low^0x02*ones)+0x5f*ones)&((low^'\\'*ones)+0x7f*ones) | w) & high
}

const (
	// wordsFirst is how many bytes are looked at in words before skim is tried.
	wordsFirst = 32
	// blockSize is small enough for a block to stay in the nearest cache while it is
	// looked at three times, and large enough for the calls not to count.
	blockSize = 32 << 10
)

// leap passes over the inside of a string faster than by words: over the rest of the
// blocks that Look has found plain, and then as far as skim gets, up to the next border of
// blocks. It stops outside of any escape.
func (p *parser) leap(i int) (at int, escaped bool) {
	for k := i / blockSize; k/64 < len(p.plain) && p.plain[k/64]>>(k%64)&1 != 0; k++ {
		i = (k + 1) * blockSize
	}
	n, escaped, wide := skim(p.src[i:min(len(p.src), (i/blockSize+1)*blockSize)])
	if wide {
		p.wide = high
	}
	return i + n, escaped
}

// skimWords is skim for processors without the instructions for it: it stops at the first
// word that is not plain text.
func skimWords(src []byte) (n int, escaped, wide bool) {
	for n+8 <= len(src) {
		w := binary.LittleEndian.Uint64(src[n:])
		if special(w)|w&high != 0 {
			break
		}
		n += 8
	}
	return n, false, false
}

// isPlain reports whether a block is printable ASCII without quotes and backslashes.
func isPlain(block []byte) bool {
	return bytes.IndexByte(block, '\\') < 0 && bytes.IndexByte(block, '"') < 0 && ascii.ValidPrint(block)
}

// Reset forgets the document, and what was looked at of the next.
func (d *Doc) Reset() {
	d.src, d.nodes, d.plain, d.looked = nil, d.nodes[:0], d.plain[:0], 0
}

// Look looks at what has arrived of a document that is about to be parsed. It may be
// called after each read, while what was read is still in the processor's caches: Parse
// then passes over blocks of plain text without looking at them again. src is the
// document from its beginning, which must not change any more.
func (d *Doc) Look(src []byte) {
	for ; (d.looked+1)*blockSize <= len(src); d.looked++ {
		if d.looked%64 == 0 {
			d.plain = append(d.plain, 0)
		}
		if isPlain(src[d.looked*blockSize : (d.looked+1)*blockSize]) {
			d.plain[d.looked/64] |= 1 << (d.looked % 64)
		}
	}
}
