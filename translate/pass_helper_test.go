package translate_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// carried is what a pass made of a body.
type carried struct {
	out   []byte
	seen  []translate.Seen // of the records that say something
	usage *translate.Usage // as last told
}

// carry takes a provider's body to a client as the gateway does: record by record, until
// the stream has ended.
func carry(pass translate.Pass, body io.Reader, end error) carried {
	reader := sse.NewReader(body, 0)
	defer reader.Release()
	var c carried
	for {
		var seen translate.Seen
		event, err := reader.Next()
		switch {
		case err != nil:
			c.out, seen = pass.Close(c.out, end)
		case event.Data == nil && (!event.Comment || event.Cut):
			continue
		default:
			c.out, seen = pass.Record(c.out, event.Name, event.Data, event.Raw)
		}
		if seen.Usage != nil {
			u := *seen.Usage
			c.usage = &u
		}
		c.seen = append(c.seen, seen)
		if err != nil || seen.Done || seen.Err != nil {
			return c
		}
	}
}

// text is what was seen of an answer, for comparing.
func (c *carried) text() string {
	content, done := 0, false
	var err *translate.Error
	var stop *translate.Stop
	for i := range c.seen {
		if c.seen[i].Content {
			content++
		}
		done = done || c.seen[i].Done
		if c.seen[i].Err != nil {
			err = c.seen[i].Err
		}
		if c.seen[i].Stop != nil {
			stop = c.seen[i].Stop
		}
	}
	var b strings.Builder
	switch {
	case err != nil:
		b.WriteString("failed: " + err.Message)
	case done:
		b.WriteString("done")
	default:
		b.WriteString("open")
	}
	if stop != nil {
		b.WriteString(" " + stop.Native)
	}
	return b.String()
}

// passedStream is a stream between two sides of one dialect.
type passedStream struct {
	name string
	in   string // the provider's bytes
	end  error
	want string // the client's
	told string // what the gateway has seen, as carried.text spells it
}

// run carries the stream whole, byte by byte and in two pieces cut anywhere.
func (p passedStream) run(t *testing.T, pass func() translate.Pass) {
	t.Run(p.name, func(t *testing.T) {
		got := carry(pass(), strings.NewReader(p.in), p.end)
		if string(got.out) != p.want {
			t.Fatalf("the client gets\n%s\nwant\n%s", got.out, p.want)
		}
		if told := got.text(); told != p.told {
			t.Errorf("the gateway has seen %q, want %q", told, p.told)
		}
		again := carry(pass(), iotest.OneByteReader(strings.NewReader(p.in)), p.end)
		if !bytes.Equal(again.out, got.out) || again.text() != got.text() {
			t.Fatalf("read byte by byte the client gets\n%s\nwant\n%s", again.out, got.out)
		}
		for cut := range p.in {
			halves := io.MultiReader(strings.NewReader(p.in[:cut]), strings.NewReader(p.in[cut:]))
			if again := carry(pass(), halves, p.end); !bytes.Equal(again.out, got.out) || again.text() != got.text() {
				t.Fatalf("cut at %d the client gets\n%s\nwant\n%s", cut, again.out, got.out)
			}
		}
	})
}
