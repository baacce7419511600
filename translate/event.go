package translate

import "github.com/rickyjim626/xjp-gateway/translate/scan"

// EventKind says what an event is, and which of its fields are in use.
type EventKind uint8

// The kinds of events of one stream, in the order in which they may come: Start
// first; then for each block its events; Stop for each choice; Usage at any time;
// and Done or Failed last, exactly one of them.
const (
	// EventStart begins the answer: ID and Model of the provider.
	EventStart EventKind = iota
	// EventText continues a text block: Text.
	EventText
	// EventRefusal continues a refusal: Text.
	EventRefusal
	// EventReasoning continues reasoning: Text.
	EventReasoning
	// EventSeal gives the signature of block Block: Signature, and in Seals the block's
	// kind, text or reasoning. It may come when the block's text is already complete, and
	// with no text at all.
	EventSeal
	// EventRedacted is a whole block of encrypted reasoning: Reasoning.
	EventRedacted
	// EventCall begins a tool call: ID, Name, Custom, and Signature if the call is signed.
	EventCall
	// EventArgs continues a call's arguments: Text is a piece of their JSON text, escaped.
	EventArgs
	// EventCallEnd says that the call's arguments are complete.
	EventCallEnd
	// EventBlockEnd says that the text or reasoning block is complete.
	EventBlockEnd
	// EventCitation adds a citation to the text block: Citation.
	EventCitation
	// EventMedia is a medium made by the model: Media, and Signature if it is signed.
	EventMedia
	// EventOpaque is a block that only its dialect understands: Opaque.
	EventOpaque
	// EventLogprobs carries Chat's logprobs for what came before it: Raw.
	EventLogprobs
	// EventUsage replaces the usage told so far: Usage. It is cumulative.
	EventUsage
	// EventStop ends a choice: Stop.
	EventStop
	// EventPing says that the provider is alive.
	EventPing
	// EventDone ends the stream properly.
	EventDone
	// EventFailed ends the stream with an error: Err.
	EventFailed
)

// Event is one step of a streamed answer. Its slices are valid until the decoder
// that made it is given the next record.
type Event struct {
	Kind EventKind
	// Choice is the candidate the event belongs to.
	Choice int
	// Block numbers the blocks of a choice in the order of their first event. Blocks
	// may interleave: equal numbers are the same block.
	Block     int
	Text      scan.Text
	ID, Name  scan.Text
	Custom    bool
	Signature *Signature
	Seals     BlockKind
	Reasoning *Reasoning
	Citation  *Citation
	Media     *Media
	Opaque    *Opaque
	Raw       []byte
	Usage     *Usage
	Stop      *Stop
	Err       *Error
}

// IsImage reports whether the event brings an image.
func (e *Event) IsImage() bool { return e.Kind == EventMedia && e.Media.Kind == Image }

// IsContent reports whether the event carries a part of the answer: the first such
// event is the content point, after which no other route can take over.
func (e *Event) IsContent() bool {
	switch e.Kind {
	case EventStart, EventUsage, EventPing, EventDone, EventFailed, EventStop:
		return false
	case EventText, EventReasoning, EventRefusal:
		return len(e.Text) > 0
	}
	return true
}
