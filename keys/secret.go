package keys

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

// Prefix begins every key that is made here, and began those of the predecessor.
const Prefix = "XJP_"

// The parts of a secret behind its prefix, in characters of base62. 32 of them are 190
// bits. The checksum is the CRC-32 of all before it, as GitHub's tokens have: it keeps
// no secret, but tells a typo from a key without asking a store.
const (
	idLength       = 12
	randomLength   = 32
	checksumLength = 6
	secretLength   = len(Prefix) + idLength + randomLength + checksumLength
)

// predecessorLength is that of the predecessor's keys: the prefix and 32 bytes in base64url
// (predecessor.md, "Keys").
const predecessorLength = len(Prefix) + 43

const (
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base64url = base62 + "-_"
)

// Form is what a presented text looks like.
type Form uint8

// The forms. Other may still be a key of the configuration, which can be any text.
const (
	Other Form = iota
	// Made is a key as NewSecret makes them, with a checksum that is right.
	Made
	// Mistyped is one whose checksum is wrong, or that has too few characters or too many.
	Mistyped
	// Predecessor is a key as the predecessor made them, without a checksum.
	Predecessor
)

// NewSecret makes a key: its id, which may be told, and the whole secret. Secret scanners
// find secrets by the regular expression
//
//	\bXJP_[0-9A-Za-z]{50}\b
//
// and can make sure by the checksum. The id is drawn by lot, so it tells nothing of how
// many keys there are.
func NewSecret() (id, secret string) {
	id = randomText(idLength)
	body := Prefix + id + randomText(randomLength)
	return id, body + checksum(body)
}

// ParseSecret tells the form of a presented text and, where it is Made, the key's id.
func ParseSecret(text string) (form Form, id string) {
	rest, ours := strings.CutPrefix(text, Prefix)
	switch {
	case ours && len(text) == secretLength && consistsOf(rest, base62):
		body := text[:secretLength-checksumLength]
		if checksum(body) != text[len(body):] {
			return Mistyped, ""
		}
		return Made, rest[:idLength]
	case ours && len(text) == predecessorLength && consistsOf(rest, base64url):
		return Predecessor, ""
	case ours && rest != "" && consistsOf(rest, base62):
		return Mistyped, ""
	}
	return Other, ""
}

// Redacted shortens a secret to what may be shown, in messages that must tell keys apart.
func Redacted(secret string) string {
	const shown = len(Prefix) + 3
	if len(secret) < 2*shown {
		return "…" // of a short one, each character is a large part
	}
	return strings.ToValidUTF8(secret[:shown], "") + "…"
}

// checksum is the CRC-32 of a text in base62, with zeros in front.
func checksum(text string) string {
	var digits [checksumLength]byte
	sum := crc32.ChecksumIEEE([]byte(text))
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = base62[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

// randomText draws characters of base62, each with equal chance: bytes from 248 on, which
// do not divide evenly, are drawn again.
func randomText(length int) string {
	text := make([]byte, 0, length)
	var drawn [64]byte
	for {
		rand.Read(drawn[:])
		for _, b := range drawn {
			if b >= 4*62 {
				continue
			}
			if text = append(text, base62[b%62]); len(text) == length {
				return string(text)
			}
		}
	}
}

func consistsOf(text, alphabet string) bool {
	return strings.Trim(text, alphabet) == ""
}
