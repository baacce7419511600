package sse_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

var streams = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "pieces"), "")
})

func drawChunks(t *rapid.T, text string) *chunked {
	return &chunked{text: text, sizes: rapid.SliceOfN(rapid.IntRange(1, 12), 0, len(text)).Draw(t, "sizes")}
}

// checkStream holds for every input: however it is cut, the events are those of the
// reference, and their raw bytes are the input.
func checkStream(t fatal, input string, cut io.Reader) {
	t.Helper()
	want := reference(input)
	requireSame(t, "whole", collect(t, strings.NewReader(input), 0), want)
	requireSame(t, "by byte", collect(t, iotest.OneByteReader(strings.NewReader(input)), 0), want)
	got := collect(t, cut, 0)
	requireSame(t, "cut", got, want)
	var raw strings.Builder
	for _, r := range got {
		raw.WriteString(r.Raw)
	}
	if text := strings.TrimPrefix(input, "\uFEFF"); raw.String() != text {
		t.Fatalf("raw bytes\n got %q\nwant %q", raw.String(), text)
	}
}

func TestReaderAgreesWithTheReferenceWhateverTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := streams.Draw(t, "stream")
		checkStream(t, input, drawChunks(t, input))
	})
}

func TestReaderCarriesLargeRecordsAcrossCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 5).Draw(t, "records") {
			b.WriteString("data: " + strings.Repeat("é", rapid.IntRange(0, 50_000).Draw(t, "length")))
			b.WriteString(rapid.SampledFrom([]string{"\n\n", "\r\n\r\n", "\r\r", "\ndata: more\n\n"}).Draw(t, "end"))
		}
		input := b.String()
		sizes := rapid.SliceOfN(rapid.IntRange(1, 20_000), 0, 50).Draw(t, "sizes")
		requireSame(t, "cut", collect(t, &chunked{text: input, sizes: sizes}, 0), reference(input))
	})
}

func TestLimitDoesNotDependOnTheCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := streams.Draw(t, "stream")
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		want, wantErr := reference(input), io.EOF
		for i, r := range want {
			if len(r.Raw) > limit {
				want, wantErr = want[:i], sse.ErrTooLarge
				break
			}
		}
		for _, src := range []io.Reader{strings.NewReader(input), drawChunks(t, input)} {
			got, err := collectUntilError(src, limit)
			if err != wantErr {
				t.Fatalf("ended with %v, not %v", err, wantErr)
			}
			requireSame(t, "limited", got, want)
		}
	})
}

func TestBufferedIsTrueExactlyWhenNextNeedsNoRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := streams.Draw(t, "stream")
		src := drawChunks(t, input)
		r := sse.NewReader(src, 0)
		defer r.Release()
		for {
			before := src.reads
			buffered := r.Buffered()
			if src.reads != before {
				t.Fatalf("Buffered read from the source")
			}
			ev, err := r.Next()
			unread := err == nil && src.reads == before
			if buffered != unread {
				t.Fatalf("Buffered is %v, Next read %d times and returned %q, %v", buffered, src.reads-before, ev.Raw, err)
			}
			if err != nil {
				return
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	for _, p := range pieces {
		f.Add(p+"\n\n", uint8(3))
	}
	f.Add("event: a\r\ndata: 1\r\n\r\n: c\n\n{\"error\":\n{}}\ndata: 2\r\rdata", uint8(5))
	f.Fuzz(func(t *testing.T, input string, size uint8) {
		var sizes []int
		for range len(input)/(int(size)+1) + 1 {
			sizes = append(sizes, int(size)+1)
		}
		checkStream(t, input, &chunked{text: input, sizes: sizes})
	})
}
