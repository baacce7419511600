package translate

import "github.com/rickyjim626/xjp-gateway/translate/scan"

// Inbound is the client's side of a dialect.
type Inbound interface {
	// Name is the dialect's name: "openai", "anthropic" and so on.
	Name() string
	// DecodeRequest reads a validated body. An error names the field at fault. What the
	// dialect repairs on its own is recorded in losses.
	DecodeRequest(doc *scan.Doc, losses *Losses) (*Request, *Error)
	// EncodeResponse appends the client's answer to dst.
	EncodeResponse(dst []byte, r *Response, x *Exchange) []byte
	// NewEncoder makes an encoder for one streamed answer.
	NewEncoder(x *Exchange) Encoder
	// EncodeError appends the dialect's error body; requestID stands in it where the
	// dialect has a place for it.
	EncodeError(dst []byte, e *Error, requestID string) []byte
	// Status is the HTTP status that the dialect gives to an error.
	Status(e *Error) int
}

// Encoder writes one streamed answer for a client. It is not safe for concurrent use.
type Encoder interface {
	// Encode appends the frames that an event causes, possibly none. After EventDone or
	// EventFailed it appends nothing more.
	Encode(dst []byte, e *Event) []byte
	// KeepAlive appends a frame that tells the client nothing but that the stream lives,
	// in a form that its SDKs tolerate. It may be called between any two events.
	KeepAlive(dst []byte) []byte
}

// Outbound is the provider's side of a dialect.
type Outbound interface {
	// Name is the dialect's name: "openai", "anthropic", "gemini".
	Name() string
	// EncodeRequest appends the body for x.Target to dst and records in x what the
	// decoder of the answer must know. Equal requests give equal bytes (rule G3).
	EncodeRequest(dst []byte, r *Request, x *Exchange) ([]byte, *Error)
	// DecodeResponse reads a whole answer. An answer that is an error in a 200 gives
	// that error.
	DecodeResponse(doc *scan.Doc, x *Exchange) (*Response, *Error)
	// NewDecoder makes a decoder for one streamed answer.
	NewDecoder(x *Exchange) Decoder
	// DecodeError reads the body of an error answer, which may be JSON, HTML, plain text
	// or nothing. Kind follows from status and body as the dialect's originator means
	// them; a provider's own rules come on top.
	DecodeError(status int, body []byte) *Error
}

// Replayer is an Outbound whose providers pause long answers, which another request then
// continues.
type Replayer interface {
	// NewReplay makes a Replay for a streamed answer.
	NewReplay() Replay
}

// Decoder turns one streamed answer of a provider into events. It is not safe for
// concurrent use.
type Decoder interface {
	// Decode appends the events of one SSE record to events. name is the record's event
	// name, data its data; the events alias data.
	Decode(name, data []byte, events []Event) []Event
	// Close appends the events of the end of the body: none if the stream has ended
	// properly, else what its dialect makes of the end (wire-openai-anthropic.md 5.5).
	// err is nil for a clean end of the body.
	Close(err error, events []Event) []Event
}

// Passer handles a dialect that is the same on both sides: bytes that need no
// change are not touched.
type Passer interface {
	// PatchRequest returns the edits that make the client's body fit x.Target: the
	// provider's model name, the usage flag, removal of the gateway's own extensions.
	PatchRequest(doc *scan.Doc, x *Exchange) ([]scan.Edit, *Error)
	// PassResponse appends a whole answer with the logical model name put back and tells
	// what it says. A nil error in Seen.Err means an ordinary answer.
	PassResponse(dst []byte, doc *scan.Doc, x *Exchange) ([]byte, Seen)
	// NewPass makes a pass for one streamed answer.
	NewPass(x *Exchange) Pass
}

// Pass carries one streamed answer from provider to client.
type Pass interface {
	// Record appends one SSE record for the client: name and data are its parts, raw its
	// bytes as received. It tells what the record says.
	Record(dst []byte, name, data, raw []byte) ([]byte, Seen)
	// Close appends what the end of the body causes: nothing after a proper end.
	Close(dst []byte, err error) ([]byte, Seen)
	// KeepAlive appends a frame as Encoder.KeepAlive does.
	KeepAlive(dst []byte) []byte
	// Fail appends the frames of a failure that the gateway found itself.
	Fail(dst []byte, e *Error) []byte
}

// Seen is what a passed record or answer says, as far as the gateway must know it.
type Seen struct {
	// Content is true if it carries a part of the answer.
	Content bool
	// Done is true if it ends the stream properly.
	Done bool
	// Err is an error that it tells.
	Err *Error
	// Usage is the usage known after it; nil if it says nothing new.
	Usage *Usage
	// Stop is the stop reason it tells, nil if none.
	Stop *Stop
	// Images is how many images it brings.
	Images int
	// Model and ID are the provider's, where it tells them.
	Model, ID string
}
