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
	fieldImages
	fieldOutputImages
	fieldUpstreamID
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
	e = e.request(s.ID, s.Time, s.Tenant, s.Key, s.Endpoint, s.Dialect, s.Model, s.Session, s.Stream)
	e = e.attempt(fieldAttempt, &s.Attempt)
	e = e.tokens(&s.Expected)
	e = e.number(fieldCost, int64(s.ExpectedCost))
	e = e.text(fieldPrice, s.Price, mostName)
	for i := range s.Ended[:min(len(s.Ended), mostAttempts)] {
		e = e.attempt(fieldEnded, &s.Ended[i])
	}
	return e
}

// encodeEnd appends the payload of a request's record.
func encodeEnd(buf []byte, r *Record) []byte {
	e := encoding(append(buf, endKind))
	e = e.request(r.ID, r.Time, r.Tenant, r.Key, r.Endpoint, r.Dialect, r.Model, r.Session, r.Stream)
	e = e.number(fieldStatus, int64(r.Status))
	e = e.text(fieldEnd, string(r.End), mostName)
	e = e.text(fieldError, r.Error, mostText)
	e = e.text(fieldRoute, r.Route, mostName)
	e = e.text(fieldProvider, r.Provider, mostName)
	e = e.text(fieldUpstream, r.Upstream, mostName)
	e = e.tokens(&r.Tokens)
	e = e.number(fieldCost, int64(r.Cost))
	e = e.truth(fieldEstimated, r.Estimated)
	e = e.truth(fieldUnpriced, r.Unpriced)
	e = e.truth(fieldReplayed, r.Replayed)
	e = e.number(fieldLatency, r.Latency)
	e = e.number(fieldFirstToken, r.FirstToken)
	e = e.text(fieldLosses, r.Losses, mostText)
	for i := range r.Attempts[:min(len(r.Attempts), mostAttempts)] {
		e = e.attempt(fieldAttempt, &r.Attempts[i])
	}
	return e
}

// request appends what start and end of a request have in common.
func (e encoding) request(id string, at time.Time, tenant, key, endpoint, dialect, model, session string, stream bool) encoding {
	e = e.text(fieldID, id, mostName)
	if !at.IsZero() {
		e = e.number(fieldTime, at.UnixMicro())
	}
	e = e.text(fieldTenant, tenant, mostName)
	e = e.text(fieldKey, key, mostName)
	e = e.text(fieldEndpoint, endpoint, mostName)
	e = e.text(fieldDialect, dialect, mostName)
	e = e.text(fieldModel, model, mostName)
	e = e.text(fieldSession, session, mostName)
	return e.truth(fieldStream, stream)
}

func (e encoding) attempt(field uint64, a *Attempt) encoding {
	e, begin := e.open(field)
	e = e.number(fieldNumber, int64(a.Number))
	e = e.text(fieldRoute, a.Route, mostName)
	e = e.text(fieldProvider, a.Provider, mostName)
	e = e.text(fieldUpstream, a.Upstream, mostName)
	e = e.text(fieldDialect, a.Dialect, mostName)
	e = e.text(fieldUpstreamID, a.UpstreamID, mostName)
	e = e.number(fieldStatus, int64(a.Status))
	e = e.text(fieldEnd, string(a.End), mostName)
	e = e.text(fieldError, a.Error, mostText)
	e = e.tokens(&a.Tokens)
	e = e.truth(fieldEstimated, a.Estimated)
	e = e.text(fieldRaw, a.Raw, mostRaw)
	e = e.number(fieldImages, a.Images)
	e = e.number(fieldOutputImages, a.OutputImages)
	e = e.number(fieldCost, int64(a.Cost))
	e = e.truth(fieldUnpriced, a.Unpriced)
	e = e.number(fieldPriced, int64(a.Priced))
	e = e.text(fieldPrice, a.Price, mostName)
	e = e.text(fieldReported, a.Reported, mostName)
	e = e.number(fieldStart, a.Start)
	e = e.number(fieldLatency, a.Latency)
	e = e.truth(fieldHedged, a.Hedged)
	return e.close(begin)
}

// tokens appends counts; their field numbers are their places here.
func (e encoding) tokens(t *Tokens) encoding {
	if *t == (Tokens{}) {
		return e
	}
	e, begin := e.open(fieldTokens)
	for i, n := range [...]int64{t.Input, t.CacheRead, t.CacheWrite5m, t.CacheWrite1h, t.Output, t.Reasoning, t.AudioInput, t.AudioOutput, t.ImageOutput, t.ImageInput} {
		e = e.number(uint64(i+1), n)
	}
	return e.close(begin)
}

// A tag's last bit tells the form of the value: a number, or a length and as many bytes.
const bytesForm = 1

func (e encoding) number(field uint64, n int64) encoding {
	if n == 0 {
		return e
	}
	return binary.AppendVarint(binary.AppendUvarint(e, field<<1), n)
}

func (e encoding) truth(field uint64, is bool) encoding {
	if !is {
		return e
	}
	return e.number(field, 1)
}

func (e encoding) text(field uint64, s string, most int) encoding {
	if s = cut(s, most); s == "" {
		return e
	}
	e = binary.AppendUvarint(e, field<<1|bytesForm)
	e = binary.AppendUvarint(e, uint64(len(s)))
	return append(e, s...)
}

// nestedLength is the bytes that a nested value's length takes, which is filled in when the
// value is whole: enough for mostRaw and all other fields of an attempt.
const nestedLength = 3

// open begins a nested value.
func (e encoding) open(field uint64) (nested encoding, begin int) {
	e = append(binary.AppendUvarint(e, field<<1|bytesForm), make([]byte, nestedLength)...)
	return e, len(e)
}

// close ends a nested value: its length is a varint that is padded to its full size.
func (e encoding) close(begin int) encoding {
	n, at := len(e)-begin, e[begin-nestedLength:begin]
	at[0], at[1], at[2] = 0x80|byte(n&0x7f), 0x80|byte(n>>7&0x7f), byte(n>>14)
	return e
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
