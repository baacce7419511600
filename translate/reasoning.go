package translate

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// The families of models that sign reasoning. A signature is only ever sent to the
// family that made it.
const (
	FamilyAnthropic = "anthropic"
	FamilyGoogle    = "google"
	FamilyOpenAI    = "openai"
	FamilyXAI       = "xai"
)

// Signature is an opaque seal that a provider puts on reasoning, text or a call
// and wants back unchanged.
type Signature struct {
	// Family is the model family that made it; "" is unknown.
	Family string
	// Origin narrows the family to the account or surface that accepts the signature
	// again, for families that bind it (Google); "" is anywhere in the family.
	Origin string
	// Value is the signature as it stands on the provider's wire.
	Value scan.Text
}

// Reasoning is a piece of the model's reasoning.
type Reasoning struct {
	// Text is the visible reasoning; empty where it is hidden.
	Text scan.Text
	// Signature seals Text; nil for unsigned reasoning.
	Signature *Signature
	// Redacted is encrypted reasoning in place of Text; its family stands in Signature.
	Redacted scan.Text
	// Summary says that Text is a summary.
	Summary bool
	// ID and Format are OpenRouter's fields of a detail, kept for the way back.
	ID, Format scan.Text
	// Raw is the provider's own item, kept for the way back where the dialect is the same.
	Raw []byte
}

// Family returns the family that sealed the reasoning, "" if none did.
func (r *Reasoning) Family() string {
	if r.Signature == nil {
		return ""
	}
	return r.Signature.Family
}

// envelopePrefix marks opaque values that the gateway wrapped itself.
const envelopePrefix = "xjp1."

// Seal writes a signature for a client whose dialect belongs to another family:
// xjp1.<family>.<origin>.<value>. A client hands it back as it is, and Unseal tells
// whose it is, so that it never reaches a foreign family (decisions.md, "signatures
// in pass-through"; wire-openai-anthropic.md 4.2).
func (s *Signature) Seal() scan.Text {
	return scan.Text(envelopePrefix + s.Family + "." + s.Origin + "." + string(s.Value))
}

// ofText follows the family's name in the seal of a text.
const ofText = "+text"

// SealText writes the signature of a text as Seal does, for a dialect that has a place for
// opaque values of reasoning only, so that UnsealText tells it from those.
func (s *Signature) SealText() scan.Text {
	return scan.Text(envelopePrefix + s.Family + ofText + "." + s.Origin + "." + string(s.Value))
}

// UnsealText reads what SealText has written, nil if value is anything else.
func UnsealText(value scan.Text) *Signature {
	s := Unseal(value, "")
	family, ok := strings.CutSuffix(s.Family, ofText)
	if !ok {
		return nil
	}
	s.Family = family
	return s
}

// Unseal reads an opaque value that a client sent back. A value without our
// envelope belongs to the dialect's own family.
func Unseal(value scan.Text, own string) *Signature {
	rest, ok := strings.CutPrefix(string(value), envelopePrefix)
	if !ok {
		return &Signature{Family: own, Value: value}
	}
	family, rest, ok1 := strings.Cut(rest, ".")
	origin, inner, ok2 := strings.Cut(rest, ".")
	if !ok1 || !ok2 {
		return &Signature{Value: value}
	}
	return &Signature{Family: family, Origin: origin, Value: scan.Text(inner)}
}
