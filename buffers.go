package xjpgateway

import (
	"math/bits"
	"sync"
)

// Buffers are pooled by size, in powers of two from 4 KiB to 8 MiB. A larger one is
// left to the garbage collector, so that one huge request does not stay in memory.
const (
	minBufferBits = 12
	maxBufferBits = 23
)

var bufferPools [maxBufferBits - minBufferBits + 1]sync.Pool

// getBuffer returns an empty buffer of at least the given capacity.
func getBuffer(size int) []byte {
	class := bits.Len(uint(max(size, 1<<minBufferBits) - 1))
	if class > maxBufferBits {
		return make([]byte, 0, size)
	}
	if b, ok := bufferPools[class-minBufferBits].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 1<<class)
}

// putBuffer gives a buffer back. It must not be used afterwards.
func putBuffer(b []byte) {
	class := bits.Len(uint(cap(b))) - 1
	if class < minBufferBits || class > maxBufferBits {
		return
	}
	b = b[:0]
	bufferPools[class-minBufferBits].Put(&b)
}
