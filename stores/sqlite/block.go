package sqlite

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/stores/internal/relational"
)

// entry is a record in a block: what records are chosen by, and a document of all else.
type entry struct {
	id       string
	time     int64 // in microseconds since 1970
	tenant   string
	key      string
	model    string
	provider string
	session  string
	end      string
	document string
}

// names are the parts of an entry between its time and its document, in their order in a block.
func (e *entry) names() [7]*string {
	return [7]*string{&e.id, &e.tenant, &e.key, &e.model, &e.provider, &e.session, &e.end}
}

// entryOf is a record as an entry, but for its document.
func entryOf(r *ledger.Record) entry {
	return entry{id: r.ID, time: r.Time.UnixMicro(), tenant: r.Tenant, key: r.Key, model: r.Model, provider: r.Provider, session: r.Session, end: string(r.End)}
}

func (e *entry) record() (*ledger.Record, error) {
	r := &ledger.Record{
		ID: e.id, Time: time.UnixMicro(e.time).UTC(), Tenant: e.tenant, Key: e.key, Model: e.model, Provider: e.provider, Session: e.session, End: ledger.End(e.end),
	}
	return r, json.Unmarshal([]byte(e.document), r)
}

// clone is an entry that does not keep all of its block in memory.
func (e entry) clone() entry {
	for _, name := range e.names() {
		*name = strings.Clone(*name)
	}
	e.document = strings.Clone(e.document)
	return e
}

// latestFirst orders entries as records are listed.
func latestFirst(a, b entry) int {
	return cmp.Or(cmp.Compare(b.time, a.time), strings.Compare(b.id, a.id))
}

const (
	// blockForm is the form of blocks, their first byte. Behind it is a checksum (CRC-32C) of
	// what follows: all entries, compressed together by S2, each as its time and its texts with
	// their lengths.
	blockForm = 1
	blockHead = 1 + 4
	// largestBlock bounds the size of a block's entries: more is damage.
	largestBlock = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamagedBlock says that what is in a block is none.
var errDamagedBlock = errors.New("a block of requests is damaged")

// packer packs blocks, in buffers that are used again. A block is valid until the next one.
type packer struct{ plain, document, block []byte }

var packers = sync.Pool{New: func() any { return new(packer) }}

// mostKept is the size of blocks whose buffers are kept.
const mostKept = 4 << 20

// done hands the packer back.
func (p *packer) done() {
	if cap(p.plain) <= mostKept {
		packers.Put(p)
	}
}

// pack makes a block of entries.
func (p *packer) pack(entries []entry) []byte {
	p.plain = p.plain[:0]
	for i := range entries {
		p.document = append(p.document[:0], entries[i].document...)
		p.add(&entries[i])
	}
	return p.close()
}

// packRecords makes a block of records.
func (p *packer) packRecords(records []*ledger.Record) []byte {
	p.plain = p.plain[:0]
	for _, r := range records {
		e := entryOf(r)
		p.document = relational.AppendDocument(p.document[:0], r)
		p.add(&e)
	}
	return p.close()
}

// add adds an entry, whose document is the packer's.
func (p *packer) add(e *entry) {
	p.plain = binary.AppendVarint(p.plain, e.time)
	for _, name := range e.names() {
		p.plain = append(binary.AppendUvarint(p.plain, uint64(len(*name))), *name...)
	}
	p.plain = append(binary.AppendUvarint(p.plain, uint64(len(p.document))), p.document...)
}

func (p *packer) close() []byte {
	p.block = slices.Grow(p.block[:0], blockHead+s2.MaxEncodedLen(len(p.plain)))[:blockHead]
	packed := s2.Encode(p.block[blockHead:cap(p.block)], p.plain)
	p.block[0] = blockForm
	binary.BigEndian.PutUint32(p.block[1:], crc32.Checksum(packed, castagnoli))
	return p.block[:blockHead+len(packed)]
}

// unpacked is the entries of a block.
func unpacked(block []byte) ([]entry, error) {
	if len(block) < blockHead || block[0] != blockForm {
		return nil, errDamagedBlock
	}
	packed := block[blockHead:]
	if binary.BigEndian.Uint32(block[1:]) != crc32.Checksum(packed, castagnoli) {
		return nil, errDamagedBlock
	}
	if n, err := s2.DecodedLen(packed); err != nil || n > largestBlock {
		return nil, errDamagedBlock
	}
	plain, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, errDamagedBlock
	}
	u := unpacker{plain, string(plain), false}
	var entries []entry
	for len(u.bytes) > 0 && !u.damaged {
		var e entry
		e.time = u.number()
		for _, name := range e.names() {
			*name = u.next()
		}
		e.document = u.next()
		entries = append(entries, e)
	}
	if u.damaged {
		return nil, errDamagedBlock
	}
	return entries, nil
}

// unpacker reads what is left of a block's entries, which it has as bytes and, for texts to be parts
// of, as a text.
type unpacker struct {
	bytes   []byte
	text    string
	damaged bool
}

func (u *unpacker) number() int64 {
	n, size := binary.Varint(u.bytes)
	u.passNumber(size)
	return n
}

// next reads a text behind its length.
func (u *unpacker) next() string {
	length, size := binary.Uvarint(u.bytes)
	u.passNumber(size)
	if length > uint64(len(u.bytes)) {
		u.damaged = true
	}
	if u.damaged {
		return ""
	}
	text := u.text[:length]
	u.pass(int(length))
	return text
}

// passNumber goes on behind a number, which was none if its size is not positive.
func (u *unpacker) passNumber(size int) {
	if size <= 0 {
		u.damaged = true
		return
	}
	u.pass(size)
}

func (u *unpacker) pass(size int) { u.bytes, u.text = u.bytes[size:], u.text[size:] }
