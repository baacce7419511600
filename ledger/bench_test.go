package ledger

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkRequest is what a request costs: a start and an end, both in the journal when it
// returns. The store is away.
func BenchmarkRequest(b *testing.B) {
	for _, sync := range []time.Duration{100 * time.Millisecond, 0} {
		b.Run(fmt.Sprintf("sync=%v/serial", sync), func(b *testing.B) {
			l := benched(b, sync)
			s, r := startOf("req_0123456789abcdef"), recordOf("req_0123456789abcdef")
			for b.Loop() {
				one(b, l, s, r)
			}
		})
		b.Run(fmt.Sprintf("sync=%v/parallel", sync), func(b *testing.B) {
			l := benched(b, sync)
			b.SetParallelism(50)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				s, r := startOf(b.Name()), recordOf(b.Name())
				for pb.Next() {
					one(b, l, s, r)
				}
			})
		})
	}
}

func one(b *testing.B, l *Ledger, s *Start, r *Record) {
	if err := l.Start(s); err != nil {
		b.Error(err)
	}
	if err := l.End(r); err != nil {
		b.Error(err)
	}
}

func benched(b *testing.B, sync time.Duration) *Ledger {
	o := quick(b.TempDir(), nil)
	o.Sync, o.MaxBytes = sync, 64<<30
	o.Store = func() Store { return nil } // it is away: only the journal's cost counts
	l := open(b, o)
	b.Cleanup(l.kill)
	b.ReportAllocs()
	return l
}

// BenchmarkEncode is the part of it that is no system call.
func BenchmarkEncode(b *testing.B) {
	s, r := startOf("req_0123456789abcdef"), recordOf("req_0123456789abcdef")
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = encodeStart(openFrame(buf[:0]), s)
		closeFrame(buf)
		buf = encodeEnd(openFrame(buf[:0]), r)
		closeFrame(buf)
	}
}

// BenchmarkDecode is what the writer does for each record before it is inserted.
func BenchmarkDecode(b *testing.B) {
	payload := encodeEnd(nil, recordOf("req_0123456789abcdef"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeEnd(payload); err != nil {
			b.Fatal(err)
		}
	}
}
