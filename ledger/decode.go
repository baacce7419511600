package ledger

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/prices"
)

// errPayload says that the payload of a frame with a good checksum cannot be read: it was
// written by a version that wrote something else.
var errPayload = errors.New("the record is in no form that this version knows")

// decodeStart reads the payload of a start.
func decodeStart(payload []byte) (*Start, error) {
	s := &Start{}
	f, err := fieldsOf(payload, startKind)
	if err != nil {
		return nil, err
	}
	for f.next() {
		switch f.field {
		case fieldID:
			s.ID = f.text()
		case fieldTime:
			s.Time = f.time()
		case fieldTenant:
			s.Tenant = f.text()
		case fieldKey:
			s.Key = f.text()
		case fieldEndpoint:
			s.Endpoint = f.text()
		case fieldDialect:
			s.Dialect = f.text()
		case fieldModel:
			s.Model = f.text()
		case fieldSession:
			s.Session = f.text()
		case fieldStream:
			s.Stream = f.truth()
		case fieldAttempt:
			s.Attempt = f.attempt()
		case fieldTokens:
			s.Expected = f.tokens()
		case fieldCost:
			s.ExpectedCost = prices.Amount(f.number)
		case fieldPrice:
			s.Price = f.text()
		case fieldEnded:
			s.Ended = append(s.Ended, f.attempt())
		}
	}
	return s, f.err
}

// decodeEnd reads the payload of a request's record.
func decodeEnd(payload []byte) (*Record, error) {
	r := &Record{}
	if err := r.decode(payload); err != nil {
		return nil, err
	}
	return r, nil
}

// decode reads the payload of a request's record into an empty one.
func (r *Record) decode(payload []byte) error {
	f, err := fieldsOf(payload, endKind)
	if err != nil {
		return err
	}
	for f.next() {
		switch f.field {
		case fieldID:
			r.ID = f.text()
		case fieldTime:
			r.Time = f.time()
		case fieldTenant:
			r.Tenant = f.text()
		case fieldKey:
			r.Key = f.text()
		case fieldEndpoint:
			r.Endpoint = f.text()
		case fieldDialect:
			r.Dialect = f.text()
		case fieldModel:
			r.Model = f.text()
		case fieldSession:
			r.Session = f.text()
		case fieldStream:
			r.Stream = f.truth()
		case fieldStatus:
			r.Status = int(f.number)
		case fieldEnd:
			r.End = End(f.text())
		case fieldError:
			r.Error = f.text()
		case fieldRoute:
			r.Route = f.text()
		case fieldProvider:
			r.Provider = f.text()
		case fieldUpstream:
			r.Upstream = f.text()
		case fieldTokens:
			r.Tokens = f.tokens()
		case fieldCost:
			r.Cost = prices.Amount(f.number)
		case fieldEstimated:
			r.Estimated = f.truth()
		case fieldUnpriced:
			r.Unpriced = f.truth()
		case fieldReplayed:
			r.Replayed = f.truth()
		case fieldLatency:
			r.Latency = f.number
		case fieldFirstToken:
			r.FirstToken = f.number
		case fieldLosses:
			r.Losses = f.text()
		case fieldAttempt:
			r.Attempts = append(r.Attempts, f.attempt())
		}
	}
	return f.err
}

// fields walks over the fields of a payload.
type fields struct {
	rest string
	err  error
	// field is the number of the field at hand; number or bytes is its value.
	field  uint64
	number int64
	bytes  string
}

// fieldsOf begins the walk over a payload. One copy of it serves all its texts.
func fieldsOf(payload []byte, kind byte) (fields, error) {
	if len(payload) == 0 || payload[0] != kind {
		return fields{}, errPayload
	}
	return fields{rest: string(payload[1:])}, nil
}

// next goes on to the next field, and reports whether there is one.
func (f *fields) next() bool {
	if f.err != nil || f.rest == "" {
		return false
	}
	tag := f.uvarint()
	f.field, f.number, f.bytes = tag>>1, 0, ""
	if tag&bytesForm == 0 {
		f.number = unzigzag(f.uvarint())
		return f.err == nil
	}
	n := f.uvarint()
	if f.err != nil || n > uint64(len(f.rest)) {
		f.err = errPayload
		return false
	}
	f.bytes, f.rest = f.rest[:n], f.rest[n:]
	return true
}

// uvarint takes a number off the payload.
func (f *fields) uvarint() uint64 {
	if f.rest != "" && f.rest[0] < 0x80 { // as nearly all are
		n := f.rest[0]
		f.rest = f.rest[1:]
		return uint64(n)
	}
	var n uint64
	for i := 0; i < len(f.rest) && i < binary.MaxVarintLen64; i++ {
		b := f.rest[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			f.rest = f.rest[i+1:]
			return n
		}
	}
	f.err = errPayload
	return 0
}

// unzigzag gives back the sign that binary.AppendVarint folds into the lowest bit.
func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

func (f *fields) truth() bool { return f.number != 0 }

func (f *fields) time() time.Time { return time.UnixMicro(f.number).UTC() }

func (f *fields) attempt() Attempt {
	var a Attempt
	in := fields{rest: f.bytes}
	for in.next() {
		switch in.field {
		case fieldNumber:
			a.Number = int(in.number)
		case fieldRoute:
			a.Route = in.text()
		case fieldProvider:
			a.Provider = in.text()
		case fieldUpstream:
			a.Upstream = in.text()
		case fieldDialect:
			a.Dialect = in.text()
		case fieldUpstreamID:
			a.UpstreamID = in.text()
		case fieldStatus:
			a.Status = int(in.number)
		case fieldEnd:
			a.End = End(in.text())
		case fieldError:
			a.Error = in.text()
		case fieldTokens:
			a.Tokens = in.tokens()
		case fieldEstimated:
			a.Estimated = in.truth()
		case fieldRaw:
			a.Raw = in.text()
		case fieldImages:
			a.Images = in.number
		case fieldOutputImages:
			a.OutputImages = in.number
		case fieldCost:
			a.Cost = prices.Amount(in.number)
		case fieldUnpriced:
			a.Unpriced = in.truth()
		case fieldPriced:
			a.Priced = prices.Amount(in.number)
		case fieldPrice:
			a.Price = in.text()
		case fieldReported:
			a.Reported = in.text()
		case fieldStart:
			a.Start = in.number
		case fieldLatency:
			a.Latency = in.number
		case fieldHedged:
			a.Hedged = in.truth()
		}
	}
	f.err = errors.Join(f.err, in.err)
	return a
}

func (f *fields) tokens() Tokens {
	var t Tokens
	counts := [...]*int64{&t.Input, &t.CacheRead, &t.CacheWrite5m, &t.CacheWrite1h, &t.Output, &t.Reasoning, &t.AudioInput, &t.AudioOutput, &t.ImageOutput, &t.ImageInput}
	in := fields{rest: f.bytes}
	for in.next() {
		if i := in.field - 1; i < uint64(len(counts)) {
			*counts[i] = in.number
		}
	}
	f.err = errors.Join(f.err, in.err)
	return t
}

// text is the value as a text that every store takes: UTF-8 without NUL.
func (f *fields) text() string {
	for i := range len(f.bytes) {
		if c := f.bytes[i]; c == 0 || c >= utf8.RuneSelf {
			return strings.ReplaceAll(strings.ToValidUTF8(f.bytes, "\uFFFD"), "\x00", "")
		}
	}
	return f.bytes
}
