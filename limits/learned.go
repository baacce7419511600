package limits

import (
	"container/list"
	"hash/maphash"
	"math"
	"sync"
)

// Unlearned is how many tokens an answer is expected to have before any is known.
const Unlearned = 1024

const (
	// maxAnswers of a pair are remembered, and minAnswers are needed to learn from.
	maxAnswers = 64
	minAnswers = 20
	// learnedShards keep requests of different keys out of each other's way.
	learnedShards = 16
)

// Learned knows how long the answers are that a key gets from a model, so that a request
// reserves what it will probably use and not the most that it may. It remembers a bounded
// number of pairs of key and model; those unused for longest are forgotten first. It is
// safe for concurrent use.
type Learned struct {
	seed   maphash.Seed
	shards [learnedShards]learnedShard
}

// NewLearned makes one that remembers about the given number of pairs, at some 400 bytes
// each.
func NewLearned(pairs int) *Learned {
	l := &Learned{seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i] = learnedShard{most: max(1, pairs/learnedShards), known: map[pair]*list.Element{}}
	}
	return l
}

// Expected is how many tokens an answer is expected to have: what 19 of 20 answers of the
// last ones had at most, but never above the request's maximum, where it has one (above 0).
// A hard limit is not to be passed even by the twentieth: for it, the maximum is expected.
func (l *Learned) Expected(key, model string, maximum int64, hard bool) int64 {
	if maximum > 0 && hard {
		return maximum
	}
	p := pair{key, model}
	expected := l.shard(p).expected(p)
	if maximum > 0 {
		return min(expected, maximum)
	}
	return expected
}

// Observe notes how many tokens an answer had.
func (l *Learned) Observe(key, model string, output int64) {
	p := pair{key, model}
	l.shard(p).observe(p, uint32(min(max(0, output), math.MaxUint32)))
}

func (l *Learned) shard(p pair) *learnedShard {
	return &l.shards[maphash.Comparable(l.seed, p)%learnedShards]
}

type pair struct{ key, model string }

type learnedShard struct {
	mu    sync.Mutex
	most  int
	known map[pair]*list.Element
	order list.List // of *answers, the latest first
}

func (s *learnedShard) expected(p pair) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.known[p]; e != nil {
		s.order.MoveToFront(e)
		return e.Value.(*answers).expected
	}
	return Unlearned
}

func (s *learnedShard) observe(p pair, output uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.known[p]
	if e == nil {
		s.makeRoom()
		e = s.order.PushFront(&answers{of: p, expected: Unlearned})
		s.known[p] = e
	}
	s.order.MoveToFront(e)
	e.Value.(*answers).add(output)
}

func (s *learnedShard) makeRoom() {
	for s.order.Len() >= s.most {
		delete(s.known, s.order.Remove(s.order.Back()).(*answers).of)
	}
}

// answers are the lengths of the last answers of a pair.
type answers struct {
	of       pair
	expected int64
	count    int // of all that there were
	last     [maxAnswers]uint32
}

// add learns anew with every answer, since there are far fewer of them than questions to
// what was learned need be quick.
func (a *answers) add(output uint32) {
	a.last[a.count%maxAnswers] = output
	a.count++
	if a.count < minAnswers {
		return
	}
	known := a.last[:min(a.count, maxAnswers)]
	a.expected = int64(largest(known, len(known)/20+1)) // the nearest rank
}

// largest is the n-th largest of some numbers.
func largest(numbers []uint32, n int) uint32 {
	var room [maxAnswers/20 + 1]uint32 // the largest so far, in order
	top := room[:n]
	for _, number := range numbers {
		for i := 0; i < n && number > top[n-1]; i++ {
			if number > top[i] {
				number, top[i] = top[i], number
			}
		}
	}
	return top[n-1]
}
