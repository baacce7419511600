package redis

import (
	"time"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// share is a lease on the server: of one request, or of several that have the same meters,
// for which it was taken at once. Fields but the first three are guarded by its shard.
type share struct {
	id, tenant string
	meters     []limits.Meter // with the amounts of the request that it was taken for

	// counted is what the server counts for it; held is what its open requests have
	// reserved and those that have ended have used, settled the latter alone.
	counted, held, settled []int64
	// left is what the server had left when the share was taken.
	left []int64
	open int // requests
	born string
	// until is when it is closed for more requests.
	until  time.Time
	closed bool
	// unsure says that the server has not answered whether it was taken; posted that it
	// never was, for want of the server.
	unsure, posted bool
	// renewed is when the server last heard that it lives; renew says that it is to.
	renewed time.Time
	renew   bool
	// queued says that an amendment waits or is under way.
	queued bool
}

const (
	// life is how long a share serves requests. What is left of it then is given back
	// within two beats.
	life = time.Second
	// part is what part of a limit a share is at most: one of part.
	part = 50
)

// serves reports whether the share has room for a request.
func (s *share) serves(meters []limits.Meter, now time.Time) bool {
	if s == nil || s.closed || !now.Before(s.until) {
		return false
	}
	for i := range meters {
		if s.counted[i]-s.held[i] < meters[i].Amount {
			return false
		}
	}
	return true
}

// admit holds a request's amounts.
func (s *share) admit(meters []limits.Meter) {
	s.open++
	for i := range meters {
		s.held[i] += meters[i].Amount
	}
}

// used is what of a meter is used as far as the node knows.
func (s *share) used(i int) int64 {
	return s.meters[i].Limit - s.left[i] - (s.counted[i] - s.held[i])
}

// due is what the server is to be told next, "" for nothing.
func (s *share) due() string {
	switch {
	case s.unsure:
		return "void"
	case s.posted:
		return "post"
	case s.closed && s.open == 0:
		return "settle"
	case s.renew:
		return "renew"
	}
	for i, held := range s.held {
		if held > s.counted[i] || s.closed && held < s.counted[i] {
			return "amend"
		}
	}
	return ""
}

// amendment is what is due, with amounts as they are now.
func (s *share) amendment() amendment {
	a := amendment{share: s, what: s.due(), born: s.born, amounts: make([]int64, len(s.held)), reserved: make([]int64, len(s.held))}
	for i, held := range s.held {
		a.amounts[i] = held
		if !s.closed {
			a.amounts[i] = max(held, s.counted[i])
		}
		a.reserved[i] = max(0, a.amounts[i]-s.settled[i])
	}
	return a
}

// pool is where requests with the same meters find their share.
type pool struct {
	live *share
	// taking says that a request is about to take a share.
	taking bool
	// seen are the requests since a time, and before those of the second before it.
	seen, before int64
	since        time.Time
}

// wants is for how many requests a share is to be taken, at most.
func (p *pool) wants(most int64, now time.Time) int64 {
	if passed := now.Sub(p.since); passed < 0 || passed >= life {
		p.before = p.seen
		if passed >= 2*life {
			p.before = 0
		}
		p.seen, p.since = 0, now
	}
	p.seen++
	if p.taking {
		return 0
	}
	return min(max(p.before, p.seen-1), most)
}

// mostMore is for how many more requests a share may be taken. A limit that is so small that
// this is none is counted exactly.
func mostMore(meters []limits.Meter) int64 {
	most := int64(1 << 20)
	for i := range meters {
		if m := &meters[i]; m.Amount > 0 {
			most = min(most, m.Limit/part/m.Amount)
		}
	}
	return most
}

// poolKey tells apart the meters that requests are held against.
func poolKey(l *limits.Lease) string {
	size := len(l.Tenant)
	for i := range l.Meters {
		size += len(l.Meters[i].Key) + len(l.Meters[i].Window) + 10
	}
	key := append(make([]byte, 0, size), l.Tenant...)
	for i := range l.Meters {
		m := &l.Meters[i]
		key = append(append(append(key, 0), m.Key...), 0)
		key = append(key, m.Window...)
		for shift := 0; shift < 64; shift += 8 {
			key = append(key, byte(m.Limit>>shift))
		}
	}
	return string(key)
}
