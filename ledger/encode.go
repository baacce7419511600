package ledger

import (
	"encoding/binary"
	"time"
	"unicode/utf8"
)

// What a payload is about is its first byte.
const (
	startKind = 1
	endKind   = 2
)

// A payload is a sequence of fields: a tag, which is the field's number and its form, and a
// value. A field that is not set is left out, and one that a reader does not know is passed
// over, so that journals of older and newer versions can be read. Numbers are for good.
const (
	fieldID = iota + 1
	fieldTime
	fieldTenant
	fieldKey
	fieldEndpoint
	fieldDialect
	fieldModel
	fieldSession
	fieldStream
	fieldStatus
	fieldEnd
	fieldError
	fieldRoute
	fieldProvider
	fieldUpstream
	fieldTokens
	fieldCost
	fieldEstimated
	fieldUnpriced
	fieldReplayed
	fieldLatency
	fieldFirstToken
	fieldLosses
	fieldAttempt
	fieldNumber
	fieldRaw
	fieldPriced
	fieldPrice
	fieldReported
	fieldStart
	fieldHedged
	fieldEnded
)

// The lengths that strings are cut to, in bytes, and the attempts that are kept of one
// request: far above what is sane, and far below what would hurt.
const (
	mostName     = 256
	mostText     = 1 << 10
	mostRaw      = 8 << 10
	mostAttempts = 100
)

// encoding is a payload as it grows.
type encoding []byte

// encodeStart appends the payload of a start.
func encodeStart(buf []byte, s *Start) []byte {
	e := encoding(append(buf, startKind))
	e.request(s.ID, s.Time, s.Tenant, s.Key, s.Endpoint, s.Dialect, s.Model, s.Session, s.Stream)
	e.attempt(fieldAttempt, &s.Attempt)
	e.tokens(&s.Expected)
	e.number(fieldCost, int64(s.ExpectedCost))
	e.text(fieldPrice, s.Price, mostName)
	for i := range s.Ended[:min(len(s.Ended), mostAttempts)] {
		e.attempt(fieldEnded, &s.Ended[i])
	}
	return e
}

// encodeEnd appends the payload of a request's record.
func encodeEnd(buf []byte, r *Record) []byte {
	e := encoding(append(buf, endKind))
	e.request(r.ID, r.Time, r.Tenant, r.Key, r.Endpoint, r.Dialect, r.Model, r.Session, r.Stream)
	e.number(fieldStatus, int64(r.Status))
	e.text(fieldEnd, string(r.End), mostName)
	e.text(fieldError, r.Error, mostText)
	e.text(fieldRoute, r.Route, mostName)
	e.text(fieldProvider, r.Provider, mostName)
	e.text(fieldUpstream, r.Upstream, mostName)
	e.tokens(&r.Tokens)
	e.number(fieldCost, int64(r.Cost))
	e.truth(fieldEstimated, r.Estimated)
	e.truth(fieldUnpriced, r.Unpriced)
	e.truth(fieldReplayed, r.Replayed)
	e.number(fieldLatency, r.Latency)
	e.number(fieldFirstToken, r.FirstToken)
	e.text(fieldLosses, r.Losses, mostText)
	for i := range r.Attempts[:min(len(r.Attempts), mostAttempts)] {
		e.attempt(fieldAttempt, &r.Attempts[i])
	}
	return e
}

// request appends what start and end of a request have in common.
func (e *encoding) request(id string, at time.Time, tenant, key, endpoint, dialect, model, session string, stream bool) {
	e.text(fieldID, id, mostName)
	if !at.IsZero() {
		e.number(fieldTime, at.UnixMicro())
	}
	e.text(fieldTenant, tenant, mostName)
	e.text(fieldKey, key, mostName)
	e.text(fieldEndpoint, endpoint, mostName)
	e.text(fieldDialect, dialect, mostName)
	e.text(fieldModel, model, mostName)
	e.text(fieldSession, session, mostName)
	e.truth(fieldStream, stream)
}

func (e *encoding) attempt(field uint64, a *Attempt) {
	begin := e.open(field)
	e.number(fieldNumber, int64(a.Number))
	e.text(fieldRoute, a.Route, mostName)
	e.text(fieldProvider, a.Provider, mostName)
	e.text(fieldUpstream, a.Upstream, mostName)
	e.text(fieldDialect, a.Dialect, mostName)
	e.number(fieldStatus, int64(a.Status))
	e.text(fieldEnd, string(a.End), mostName)
	e.text(fieldError, a.Error, mostText)
	e.tokens(&a.Tokens)
	e.truth(fieldEstimated, a.Estimated)
	e.text(fieldRaw, a.Raw, mostRaw)
	e.number(fieldCost, int64(a.Cost))
	e.truth(fieldUnpriced, a.Unpriced)
	e.number(fieldPriced, int64(a.Priced))
	e.text(fieldPrice, a.Price, mostName)
	e.text(fieldReported, a.Reported, mostName)
	e.number(fieldStart, a.Start)
	e.number(fieldLatency, a.Latency)
	e.truth(fieldHedged, a.Hedged)
	e.close(begin)
}

// tokens appends counts; their field numbers are their places here.
func (e *encoding) tokens(t *Tokens) {
	if *t == (Tokens{}) {
		return
	}
	begin := e.open(fieldTokens)
	for i, n := range [...]int64{t.Input, t.CacheRead, t.CacheWrite5m, t.CacheWrite1h, t.Output, t.Reasoning, t.AudioInput, t.AudioOutput, t.ImageOutput, t.ImageInput} {
		e.number(uint64(i+1), n)
	}
	e.close(begin)
}

// A tag's last bit tells the form of the value: a number, or a length and as many bytes.
const bytesForm = 1

func (e *encoding) number(field uint64, n int64) {
	if n != 0 {
		*e = binary.AppendVarint(binary.AppendUvarint(*e, field<<1), n)
	}
}

func (e *encoding) truth(field uint64, is bool) {
	if is {
		e.number(field, 1)
	}
}

func (e *encoding) text(field uint64, s string, most int) {
	if s = cut(s, most); s != "" {
		buf := binary.AppendUvarint(*e, field<<1|bytesForm)
		buf = binary.AppendUvarint(buf, uint64(len(s)))
		*e = append(buf, s...)
	}
}

// nestedLength is the bytes that a nested value's length takes, which is filled in when the
// value is whole: enough for mostRaw and all other fields of an attempt.
const nestedLength = 3

// open begins a nested value.
func (e *encoding) open(field uint64) (begin int) {
	*e = append(binary.AppendUvarint(*e, field<<1|bytesForm), 0x80, 0x80, 0)
	return len(*e)
}

// close ends a nested value: its length is a varint that is padded to its full size.
func (e *encoding) close(begin int) {
	n, at := len(*e)-begin, (*e)[begin-nestedLength:begin]
	at[0], at[1], at[2] = 0x80|byte(n&0x7f), 0x80|byte(n>>7&0x7f), byte(n>>14)
}

// cut shortens a text to at most so many bytes, between characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
