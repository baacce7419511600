package ledger

import (
	"bytes"
	"io"
	"slices"
	"testing"
)

// framed gives the frames of payloads, one behind the other.
func framed(payloads ...string) (all []byte) {
	for _, p := range payloads {
		frame := append(openFrame(nil), p...)
		closeFrame(frame)
		all = append(all, frame...)
	}
	return all
}

// scan reads all frames, and what was passed over.
func scan(t *testing.T, all []byte) (payloads []string, damaged int64) {
	t.Helper()
	s := &scanner{file: bytes.NewReader(all), limit: int64(len(all)), damaged: func(_, n int64) { damaged += n }}
	for {
		p, err := s.next()
		if err == io.EOF {
			return payloads, damaged
		}
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, string(p))
	}
}

// TestCut: a journal that is cut at any byte of its last frame gives all before it, and tells
// of the rest.
func TestCut(t *testing.T) {
	all := framed("first", "second", "the last one")
	last := len(all) - len(framed("the last one"))
	for n := last; n < len(all); n++ {
		got, damaged := scan(t, all[:n])
		if !slices.Equal(got, []string{"first", "second"}) || damaged != int64(n-last) {
			t.Errorf("cut at %d: %q, %d bytes passed over", n, got, damaged)
		}
	}
	if got, damaged := scan(t, all); len(got) != 3 || damaged != 0 {
		t.Errorf("whole: %q, %d bytes passed over", got, damaged)
	}
}

// TestFlipped: with any bit flipped, no frame comes that was not written, and the others come:
// all of them if the length is intact, else those before.
func TestFlipped(t *testing.T) {
	payloads := []string{"first", "second", "third", "the last one"}
	all := framed(payloads...)
	second := len(framed("first"))
	third := second + len(framed("second"))
	for i := range all {
		for bit := range 8 {
			broken := slices.Clone(all)
			broken[i] ^= 1 << bit
			got, damaged := scan(t, broken)
			if damaged == 0 {
				t.Errorf("byte %d bit %d: nothing is reported", i, bit)
			}
			for _, p := range got {
				if !slices.Contains(payloads, p) {
					t.Errorf("byte %d bit %d: a wrong frame %q", i, bit, p)
				}
			}
			inLength := i-second >= 4 && i-second < frameHead
			if i >= second && i < third && !inLength && !slices.Equal(got, []string{"first", "third", "the last one"}) {
				t.Errorf("byte %d bit %d: %q", i, bit, got)
			}
			if inLength && (len(got) == 0 || got[0] != "first") {
				t.Errorf("byte %d bit %d: %q", i, bit, got)
			}
		}
	}
}

// TestZeros: zeros, which a power loss may leave, are no frames.
func TestZeros(t *testing.T) {
	all := append(framed("first"), make([]byte, 1000)...)
	if got, damaged := scan(t, all); !slices.Equal(got, []string{"first"}) || damaged != 1000 {
		t.Errorf("%q, %d bytes passed over", got, damaged)
	}
}

// FuzzScan: whatever is in a file, reading it comes to its end, and what it gives and passes
// over is all there is.
func FuzzScan(f *testing.F) {
	f.Add(framed("first", "second"))
	f.Add(append(framed("first"), 1, 2, 3))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, all []byte) {
		payloads, damaged := scan(t, all)
		n := damaged
		for _, p := range payloads {
			n += frameHead + int64(len(p))
		}
		if n != int64(len(all)) {
			t.Fatalf("%d of %d bytes are accounted for", n, len(all))
		}
	})
}
