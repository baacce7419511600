package idempotency

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// maxKey bounds the Idempotency-Key of a client in bytes.
const maxKey = 255

// CheckKey tells what is wrong with the value of an Idempotency-Key header, which is 1 to
// 255 visible ASCII characters.
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("the Idempotency-Key must have 1 to %d characters", maxKey)
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return fmt.Errorf("the Idempotency-Key must be of visible ASCII characters, such as a UUID's")
		}
	}
	return nil
}

// NewID names a request by the Idempotency-Key that the client sent, its principal, such as
// the id of its key, and the endpoint. No principal can name a request of another.
func NewID(principal, endpoint, key string) ID {
	return sum([]byte(principal), []byte(endpoint), []byte(key))
}

// Fingerprint tells requests under one ID apart by all that their answers depend on, such as
// the body and headers that change what it means. Bodies that differ in their spelling alone
// are different: clients repeat a request byte for byte.
func Fingerprint(parts ...[]byte) [32]byte { return sum(parts...) }

// sum hashes parts with their lengths, so that nothing of one can pass for the next one's.
func sum(parts ...[]byte) (out [32]byte) {
	h := sha256.New()
	var size [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	h.Sum(out[:0])
	return out
}
