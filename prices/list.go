package prices

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// ListConfig says where OpenRouter's list of models is from and how often it is read.
type ListConfig struct {
	// Fetch asks for the list and returns the body of the answer. Its context ends when the
	// list is closed, or after a minute.
	Fetch func(context.Context) ([]byte, error)
	// Dir is the folder of the copy on disk, which serves until the first answer and where
	// there is none; "" keeps no copy.
	Dir string
	// Every is the time between two answers, some random tenth more or less, so that many
	// gateways do not ask at once; 0 is half an hour.
	Every time.Duration
	// Failed is told why a refresh or the copy failed; nil tells nobody.
	Failed func(error)
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

const (
	defaultEvery = 30 * time.Minute
	fetchLimit   = time.Minute
	// firstRetry is the wait after the first failure; it doubles with each further one.
	firstRetry = 30 * time.Second
)

// ErrClosed is returned by Refresh once the list is closed.
var ErrClosed = errors.New("OpenRouter's list of models: the list is closed")

// List is OpenRouter's list of prices, refreshed in the background and kept on disk. A
// failed refresh leaves it as it is. It is safe for concurrent use; a nil List is empty.
type List struct {
	config  ListConfig
	current atomic.Pointer[catalogue]
	asked   chan chan error
	cancel  context.CancelFunc
	closed  chan struct{}
}

// OpenList reads the copy on disk and begins to refresh the list: at once if the copy is
// older than Every, else when it will be.
func OpenList(config ListConfig) *List {
	if config.Every <= 0 {
		config.Every = defaultEvery
	}
	if config.Failed == nil {
		config.Failed = func(error) {}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &List{config: config, asked: make(chan chan error), cancel: cancel, closed: make(chan struct{})}
	kept, err := readCatalogue(config.Dir)
	if err != nil {
		config.Failed(err)
	}
	l.current.Store(kept)
	go l.run(ctx)
	return l
}

// Find returns the price of a model by its name or permanent slug, nil if it is unknown.
func (l *List) Find(model string) *Price {
	if l == nil {
		return nil
	}
	c := l.current.Load()
	if p := c.find(model); p != nil {
		return p
	}
	return c.find(plain(model))
}

// Age tells how old the list is; false if there is none yet.
func (l *List) Age() (time.Duration, bool) {
	if l == nil {
		return 0, false
	}
	c := l.current.Load()
	return max(0, l.config.Now().Sub(c.Fetched)), !c.Fetched.IsZero()
}

// Len returns how many names have a price.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.current.Load().Models)
}

// Refresh asks for the list now and returns how that went. All who call it while it is
// being asked for share one answer.
func (l *List) Refresh(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case l.asked <- answer:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closed:
		return ErrClosed
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closed:
		return ErrClosed
	}
}

// Close ends the refreshing and waits for it. The prices can still be found.
func (l *List) Close() {
	l.cancel()
	<-l.closed
}

// run refreshes the list until the context ends.
func (l *List) run(ctx context.Context) {
	defer close(l.closed)
	failures := 0
	timer := time.NewTimer(l.untilDue())
	defer timer.Stop()
	for {
		var answers []chan error
		select {
		case <-ctx.Done():
			return
		case answer := <-l.asked:
			answers = append(answers, answer)
		case <-timer.C:
		}
		err := l.fetch(ctx)
		if ctx.Err() != nil {
			return
		}
		failures++
		if err == nil {
			failures = 0
		}
		for _, answer := range l.waiting(answers) {
			answer <- err
		}
		timer.Reset(l.pause(failures))
	}
}

// waiting adds those who asked in the meantime.
func (l *List) waiting(answers []chan error) []chan error {
	for {
		select {
		case answer := <-l.asked:
			answers = append(answers, answer)
		default:
			return answers
		}
	}
}

// fetch refreshes the list once. What it fails with is also told to Failed.
func (l *List) fetch(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	data, err := l.config.Fetch(limited)
	if err == nil {
		err = l.take(data)
	}
	if err != nil && ctx.Err() == nil {
		l.config.Failed(err)
	}
	return err
}

// take swaps in a new list and keeps a copy of it. A copy that cannot be kept is reported
// and does not spoil the list.
func (l *List) take(data []byte) error {
	prices, err := parseOpenRouter(data)
	if err != nil {
		return err
	}
	next := l.current.Load().with(prices, l.config.Now())
	l.current.Store(next)
	if err := next.write(l.config.Dir); err != nil {
		l.config.Failed(err)
	}
	return nil
}

// untilDue is the wait before the first refresh.
func (l *List) untilDue() time.Duration {
	age, ok := l.Age()
	if !ok {
		return 0
	}
	return max(0, l.config.Every-age)
}

// pause is the wait before the next refresh.
func (l *List) pause(failures int) time.Duration {
	wait := l.config.Every
	if failures > 0 {
		wait = min(wait, firstRetry<<min(failures-1, 10))
	}
	return time.Duration(float64(wait) * (0.9 + 0.2*rand.Float64()))
}
