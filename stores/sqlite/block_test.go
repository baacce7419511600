package sqlite

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/ledger"
)

func recordsOf(count int) []*ledger.Record {
	list := make([]*ledger.Record, count)
	for i := range list {
		list[i] = &ledger.Record{ID: fmt.Sprintf("req_%024x", i), Time: now.Add(time.Duration(i) * time.Millisecond), Tenant: "acme", Key: "k", Model: "claude", Provider: "p",
			Session: "s", End: ledger.Complete, Status: 200, Losses: `"\` + strings.Repeat("é", i%40)}
	}
	return list
}

// TestBlock shows that what is packed is unpacked the same, as records and packed again.
func TestBlock(t *testing.T) {
	var p packer
	for _, count := range []int{1, 2, mostInBlock} {
		records := recordsOf(count)
		block := slices.Clone(p.packRecords(records))
		entries, err := unpacked(block)
		if err != nil || len(entries) != count {
			t.Fatalf("%d entries come back: %v", len(entries), err)
		}
		for i := range entries {
			r, err := entries[i].record()
			if err != nil || !reflect.DeepEqual(r, records[i]) {
				t.Errorf("got  %+v, %v\nwant %+v", r, err, records[i])
			}
		}
		if again := p.pack(entries); !bytes.Equal(again, block) {
			t.Error("packed again it is another block")
		}
	}
}

// TestCutBlock shows that a block that lacks its end, or of which a byte is another, is never
// read as if it were whole and never ends the process.
func TestCutBlock(t *testing.T) {
	var p packer
	block := p.packRecords(recordsOf(40))
	for n := range block {
		if entries, err := unpacked(block[:n]); err == nil {
			t.Fatalf("%d of %d bytes are read as %d entries", n, len(block), len(entries))
		}
		changed := slices.Clone(block)
		changed[n] ^= 0x55
		_, _ = unpacked(changed)
	}
}

// FuzzUnpacked shows that whatever is in a block, it is damage or entries.
func FuzzUnpacked(f *testing.F) {
	var p packer
	for _, count := range []int{1, 3} {
		block := p.packRecords(recordsOf(count))
		plain, err := s2.Decode(nil, block[1:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		entries, err := unpacked(append([]byte{blockForm}, s2.Encode(nil, plain)...))
		if err != nil {
			return
		}
		var p packer
		again, err := unpacked(p.pack(entries))
		if err != nil || !slices.Equal(again, entries) {
			t.Errorf("%q is read as %v, and then as %v, %v", plain, entries, again, err)
		}
	})
}

// TestDivide shows that blocks are neither too large nor too wide, and as few as can be.
func TestDivide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []*ledger.Record
		for range rapid.IntRange(1, 3*mostInBlock).Draw(t, "records") {
			records = append(records, &ledger.Record{Time: now.Add(time.Duration(rapid.IntRange(0, 30*60).Draw(t, "second")) * time.Second)})
		}
		times := map[int][]time.Time{}
		for i, block := range divide(records) {
			times[block] = append(times[block], records[i].Time)
		}
		for block := range len(times) {
			in := times[block]
			width := slices.MaxFunc(in, time.Time.Compare).Sub(slices.MinFunc(in, time.Time.Compare))
			if len(in) == 0 || len(in) > mostInBlock || width > widestBlock {
				t.Errorf("block %d has %d records of %s", block, len(in), width)
			}
		}
		if most := (len(records)+mostInBlock-1)/mostInBlock + 3; len(times) > most {
			t.Errorf("%d records are in %d blocks", len(records), len(times))
		}
	})
}
