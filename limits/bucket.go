package limits

import "time"

// Bucket is the count of a rate: a bucket that leaks its limit in each period, which is
// GCRA with a burst of the whole limit. It counts in units times the milliseconds of a
// period, so that it leaks a whole number each millisecond, and its numbers stay exact in
// Lua too. Its zero value is empty. Its methods take the meter whose limit applies now.
//
// What is given back must not make room twice: while a request took its time, what it had
// reserved may have leaked out, and others took that room. So a Mark keeps what stood in
// the bucket when a request reserved. What of that and of its own amount has neither leaked
// nor been given back since is the most that the request can give back.
type Bucket struct {
	level, at, returned int64
}

// Mark is what a Bucket remembers of a reservation.
type Mark struct {
	before, own, at int64
}

// fullest bounds debts. It is below 2^53, up to which Lua's numbers are exact.
const fullest = 9_000_000_000_000_000

// leak lets out what has leaked until now. A clock that is put back a little, as those of
// several processors are, lets nothing leak twice; one that is put back for longer than a
// period is believed, since the bucket would be locked until it has caught up.
func (b *Bucket) leak(m *Meter, now int64) {
	passed := now - b.at
	switch period := m.Period.Milliseconds(); {
	case passed < -period:
		b.at = now
	case passed <= 0:
	case b.level/m.Limit < passed:
		b.level, b.at = 0, now
	default:
		b.level, b.at = b.level-m.Limit*passed, now
	}
}

// Used tells how many units are in the bucket, begun ones included.
func (b Bucket) Used(m *Meter, now time.Time) int64 {
	b.leak(m, now.UnixMilli())
	period := m.Period.Milliseconds()
	return (b.level + period - 1) / period
}

// Wait tells how long it takes until the meter's amount fits, 0 if it does.
func (b Bucket) Wait(m *Meter, now time.Time) time.Duration {
	b.leak(m, now.UnixMilli())
	over := b.level - (m.Limit-m.Amount)*m.Period.Milliseconds()
	if over <= 0 {
		return 0
	}
	return time.Duration((over+m.Limit-1)/m.Limit) * time.Millisecond
}

// Take puts the meter's amount into the bucket.
func (b *Bucket) Take(m *Meter, now time.Time) Mark {
	b.leak(m, now.UnixMilli())
	mark := Mark{before: b.level + b.returned, own: m.Amount * m.Period.Milliseconds(), at: now.UnixMilli()}
	b.level = min(b.level+mark.own, fullest)
	return mark
}

// Correct puts more units into the bucket, or gives some of those of a mark back.
func (b *Bucket) Correct(m *Meter, mark Mark, by int64, now time.Time) {
	b.leak(m, now.UnixMilli())
	change := by * m.Period.Milliseconds()
	if by < 0 {
		change = -min(-change, b.left(m, mark, now.UnixMilli()))
		b.returned -= change
	}
	b.level = min(b.level+change, fullest)
}

// left is what a mark can give back. After a period it is taken for nothing.
func (b *Bucket) left(m *Meter, mark Mark, now int64) int64 {
	passed := max(0, now-mark.at)
	if passed >= m.Period.Milliseconds() {
		return 0
	}
	left := mark.own + max(0, mark.before-b.returned) - m.Limit*passed
	return min(max(0, left), b.level)
}

// Empty reports whether nothing is left in the bucket.
func (b Bucket) Empty(m *Meter, now time.Time) bool {
	b.leak(m, now.UnixMilli())
	return b.level == 0
}
