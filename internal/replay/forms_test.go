package replay

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

// playable are the recordings of successes.
func playable(t *testing.T, count *tally) []*traffic.Exchange {
	var list []*traffic.Exchange
	for _, e := range answers(t) {
		why := unplayable(e)
		if why != "" {
			count.skip(why)
			continue
		}
		list = append(list, e)
	}
	return list
}

// TestOtherForm asks for a whole answer where a stream was recorded, and for a stream
// where a whole answer was: both say the same.
func TestOtherForm(t *testing.T) {
	var count tally
	list := playable(t, &count)
	p := newPlayer(t)
	c := newClients(gateway(t, p))
	each(list, func(e *traffic.Exchange) {
		count.ran()
		p.put(e.ID, recorded(e))
		streamed := e.Response.BodyKind == "sse"
		how := " as a stream"
		if streamed {
			how = " whole"
		}
		for _, dialect := range dialects {
			v := &verdict{e: e, dialect: dialect, t: t, want: read(e), how: how}
			v.judge(c.ask(dialect, wires[e.API]+"/"+e.ID, !streamed))
		}
	})
	count.print(t, "recorded answers were asked for in the other form")
}

// random gives the random numbers of an exchange, the same in each run.
func random(e *traffic.Exchange) *rand.Rand {
	var seed [32]byte
	copy(seed[:], e.ID)
	return rand.New(rand.NewChaCha8(seed))
}

// TestCutAnywhere sends streams in other pieces than they were recorded: at random
// bytes, and small ones byte by byte.
func TestCutAnywhere(t *testing.T) {
	t.Run("B17, D1: streams in other pieces say the same", playCutAnywhere)
}

func playCutAnywhere(t *testing.T) {
	var count tally
	list := playable(t, &count)
	p := newPlayer(t)
	c := newClients(gateway(t, p))
	each(list, func(e *traffic.Exchange) {
		if e.Response.BodyKind != "sse" {
			count.skip("no stream")
			return
		}
		if e.ID[0] >= '4' && !full {
			count.skip("sampled out; XJP_REPLAY=full plays all")
			return
		}
		count.ran()
		r, a := random(e), recorded(e)
		for n := range 3 {
			a.cuts = pieces(r, len(a.body), n)
			p.put(e.ID, a)
			for _, dialect := range dialects {
				v := &verdict{e: e, dialect: dialect, t: t, want: read(e)}
				v.judge(c.ask(dialect, wires[e.API]+"/"+e.ID, true))
			}
		}
	})
	count.print(t, "recorded streams were cut in three other ways")
}

// pieces cuts a body at a few random bytes, or if it is small into single bytes.
func pieces(r *rand.Rand, size, n int) []int {
	var cuts []int
	if n == 0 && size < 2000 {
		for i := 1; i < size; i++ {
			cuts = append(cuts, i)
		}
		return cuts
	}
	for range 12 {
		cuts = append(cuts, r.IntN(size+1))
	}
	slices.Sort(cuts)
	return cuts
}

// TestBrokenOff ends every answer before it tells that it is complete, by a clean end of
// the body or by a broken connection. No client may take what it got for an answer
func TestBrokenOff(t *testing.T) {
	t.Run("pain 7, trap 113, B11: an answer that breaks off is an error", playBrokenOff)
}

func playBrokenOff(t *testing.T) {
	var count tally
	list := playable(t, &count)
	p := newPlayer(t)
	c := newClients(gateway(t, p))
	each(list, func(e *traffic.Exchange) {
		a := recorded(e)
		last := decisive(e, a.body)
		if last == 0 {
			count.skip("fails by itself")
			return
		}
		count.ran()
		r := random(e)
		at := r.IntN(last)
		a.body, a.cuts, a.abort = a.body[:at], nil, r.IntN(2) == 0
		p.put(e.ID, a)
		for _, dialect := range dialects {
			g := c.ask(dialect, wires[e.API]+"/"+e.ID, e.Response.BodyKind == "sse")
			if g.err == nil {
				t.Errorf("%s (%s %s) to %s, broken off at byte %d (abort %v): the client got %+v",
					e.ID, e.API, e.Response.BodyKind, dialect, at, a.abort, g.said)
			}
		}
	})
	count.print(t, "recorded answers were broken off")
}

// decisive is where the part of a body ends without which an answer is not complete:
// the document, or the first record of a stream that gives a reason to stop. It is 0 if
// there is none.
func decisive(e *traffic.Exchange, body []byte) int {
	if e.Response.BodyKind != "sse" {
		return strings.LastIndexByte(string(body), '}')
	}
	at := 0
	for _, record := range strings.SplitAfter(string(body), "\n") {
		if data, ok := strings.CutPrefix(record, "data:"); ok && stops(decode([]byte(data))) {
			return at + strings.LastIndexByte(record, '}')
		}
		at += len(record)
	}
	return 0
}

// stops reports whether a record gives a reason to stop.
func stops(v any) bool {
	if inner := at(v, "response"); inner != nil {
		v = inner
	}
	for _, c := range append(list(at(v, "choices")), list(at(v, "candidates"))...) {
		if str(at(c, "finish_reason")) != "" || str(at(c, "finishReason")) != "" {
			return true
		}
	}
	return str(at(v, "delta", "stop_reason")) != "" || at(v, "promptFeedback", "blockReason") != nil || at(v, "error") != nil || str(at(v, "type")) == "message_stop"
}
