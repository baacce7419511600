package translate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// SafeID gives a call id that Messages accepts, ^[a-zA-Z0-9_-]+$. A legal id is
// unchanged; any other becomes toolu_ and 22 hexadecimal digits of a hash of the id
// and of ordinal, which tells empty ids apart (trap 10).
func SafeID(raw scan.Text, ordinal int) string {
	if len(raw) > 0 && isWord(string(raw)) {
		return string(raw)
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(ordinal) + "\x00" + string(raw)))
	if len(raw) > 0 {
		sum = sha256.Sum256([]byte(raw))
	}
	return "toolu_" + hex.EncodeToString(sum[:11])
}

// ShortName gives a tool name of at most max characters of [a-zA-Z0-9_-]; a legal
// name is unchanged, any other is cut to 55 characters and told apart by eight
// hexadecimal digits of its hash (trap 78). A max of 0 means no limit.
func ShortName(name scan.Text, max int) string {
	if isWord(string(name)) && (max == 0 || len(name) <= max) {
		return string(name)
	}
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && isWord(string(r)) {
			return r
		}
		return '_'
	}, name.String())
	sum := sha256.Sum256([]byte(name))
	return clean[:min(len(clean), 55)] + "_" + hex.EncodeToString(sum[:4])
}

func isWord(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// MintID makes an id for something in an answer to which the provider gave none:
// prefix and 24 characters that follow from the request's id and ordinal.
func MintID(prefix string, x *Exchange, ordinal int) string {
	var room [96]byte // for what is nearly always enough, on the stack
	seed := append(append(append(room[:0], x.ID...), 0), prefix...)
	sum := sha256.Sum256(strconv.AppendInt(seed, int64(ordinal), 10))
	return string(base64.RawURLEncoding.AppendEncode(append(room[:0], prefix...), sum[:18]))
}

// FamilyOf gives the family that a format of OpenRouter's reasoning_details belongs
// to, "" if it is unknown (provider-openrouter.md 3).
func FamilyOf(format string) string {
	switch {
	case strings.HasPrefix(format, "anthropic-"), strings.HasPrefix(format, "bedrock-"):
		return FamilyAnthropic
	case strings.HasPrefix(format, "google-"):
		return FamilyGoogle
	case strings.HasPrefix(format, "openai-"), strings.HasPrefix(format, "azure-"):
		return FamilyOpenAI
	case strings.HasPrefix(format, "xai-"):
		return FamilyXAI
	}
	return ""
}

// FormatOf gives OpenRouter's format for a family's signatures.
func FormatOf(family string) string {
	switch family {
	case FamilyAnthropic:
		return "anthropic-claude-v1"
	case FamilyGoogle:
		return "google-gemini-v1"
	case FamilyOpenAI:
		return "openai-responses-v1"
	case FamilyXAI:
		return "xai-responses-v1"
	}
	return "unknown"
}
