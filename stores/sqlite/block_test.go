package sqlite

import (
	"bytes"
	"fmt"
	"path/filepath"
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
		if entries, err := unpacked(changed); err == nil {
			t.Fatalf("with another byte at %d it is read as %d entries", n, len(entries))
		}
	}
}

// FuzzUnpacked shows that whatever is in a block, it is damage or entries.
func FuzzUnpacked(f *testing.F) {
	var p packer
	for _, count := range []int{1, 3} {
		block := p.packRecords(recordsOf(count))
		plain, err := s2.Decode(nil, block[blockHead:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		made := packer{plain: plain}
		entries, err := unpacked(made.close())
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
		for block := range len(times) { // none is left out
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

// TestDivideBySize shows that a few large records do not make a block that is too large to be
// read.
func TestDivideBySize(t *testing.T) {
	var records []*ledger.Record
	for i := range 10 {
		records = append(records, &ledger.Record{Time: now.Add(time.Duration(i)), Attempts: []ledger.Attempt{{Raw: strings.Repeat("x", fullBlock/2)}}})
	}
	if of := divide(records); !slices.Equal(of, []int{0, 0, 1, 1, 2, 2, 3, 3, 4, 4}) {
		t.Errorf("they are of the blocks %v", of)
	}
}

// TestDamagedBlock shows that a block that is damaged is told, that others can be read beside it,
// and that it goes when it is old.
func TestDamagedBlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xjp.db")
	s := mustOpen(t, path)
	for i := range 5 {
		var batch []ledger.Record
		for n := range 4 {
			batch = append(batch, ledger.Record{ID: fmt.Sprint("r", i, n), Time: now.Add(time.Duration(i)*time.Hour + time.Duration(n)*time.Minute), Tenant: "acme", Key: "k"})
		}
		if err := s.Insert(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, path, "UPDATE xjp_blocks SET records = substr(records, 1, length(records) - 1) WHERE number = 2")
	_, _, err := s.Records(t.Context(), ledger.Filter{})
	checkError(t, err, path, "damaged")
	for _, f := range []ledger.Filter{{Since: now.Add(2 * time.Hour)}, {Limit: 11}, {Until: now.Add(30 * time.Minute)}} {
		if page, _, err := s.Records(t.Context(), f); err != nil || len(page) == 0 {
			t.Errorf("%+v gives %d records: %v", f, len(page), err)
		}
	}
	// While a part of it is not too old, nobody knows which.
	for _, c := range []struct {
		before time.Duration
		want   int
	}{{time.Hour + 2*time.Minute, 4}, {2*time.Hour + 2*time.Minute, 6}} {
		if n, err := s.Prune(t.Context(), now.Add(c.before), 100); err != nil || n != c.want {
			t.Errorf("%d were deleted, not %d: %v", n, c.want, err)
		}
	}
	for _, f := range []ledger.Filter{{}, {Tenant: "acme"}, {Key: "k"}} {
		if page, _, err := s.Records(t.Context(), f); err != nil || len(page) != 10 {
			t.Errorf("%+v gives %d records: %v", f, len(page), err)
		}
	}
	if err := s.Insert(t.Context(), []ledger.Record{{ID: "r12", Time: now}}); err != nil {
		t.Errorf("its ids are not free: %v", err)
	}
}
