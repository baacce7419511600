// Package capture keeps the bodies of single requests: what a client has sent, and what it
// was told. It is for operators who look into a fault, and for keys alone that they have
// turned it on for. It is plain Go and knows no engine of a store.
package capture

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/retention"
)

// Capture is the bodies of one request.
type Capture struct {
	// ID is the request's id, Time when it came, Tenant and Key who asked, all as in the
	// ledger.
	ID          string
	Time        time.Time
	Tenant, Key string
	// Request is the body as the client sent it, without its Content-Encoding. Answer is
	// what the client was sent, with all events of a stream. There are no headers.
	Request, Answer Body
}

// Body is a body, or the beginning of one.
type Body struct {
	// Content is what is kept. It is not there in lists.
	Content []byte
	// Size is the size of the whole body in bytes. Truncated says that Content is less.
	Size      int64
	Truncated bool
}

// overhead is about what a capture takes beside its contents, in bytes.
const overhead = 512

// Footprint is about what a capture takes, in bytes.
func (c *Capture) Footprint() int64 {
	return overhead + int64(len(c.Request.Content)) + int64(len(c.Answer.Content))
}

// whole makes sure that a body that was cut ends with a whole character.
func (b *Body) whole() {
	if b.Truncated = b.Size > int64(len(b.Content)); !b.Truncated {
		return
	}
	for back := 1; back < utf8.UTFMax && back <= len(b.Content); back++ {
		start := len(b.Content) - back
		if !utf8.RuneStart(b.Content[start]) {
			continue
		}
		if !utf8.FullRune(b.Content[start:]) {
			b.Content = b.Content[:start]
		}
		return
	}
}

// Store keeps captures. Its methods are safe for concurrent use.
type Store interface {
	// InsertCaptures adds captures in one transaction. One whose id is there already changes
	// nothing.
	InsertCaptures(ctx context.Context, captures []Capture) error
	// Capture gives the capture of a request by its id; nil if there is none that the tenant
	// owns. An empty tenant is all of them.
	Capture(ctx context.Context, tenant, id string) (*Capture, error)
	// Captures lists captures without their contents, the latest first, and tells where the
	// next page begins; that is empty behind the last one.
	Captures(ctx context.Context, f Filter) (page []Capture, next string, err error)
	// DeleteCaptures deletes captures of a tenant, of a key, or of a key of a tenant, at most
	// some at once, and tells how many it has deleted. What is empty is any.
	DeleteCaptures(ctx context.Context, tenant, key string, most int) (int, error)
	// PruneCaptures deletes captures from before a time, and of the others the oldest for as
	// long as their footprints are more than maxTotal bytes together; at most some at once.
	// It tells how many it has deleted.
	PruneCaptures(ctx context.Context, before time.Time, maxTotal int64, most int) (int, error)
}

// Filter chooses captures. A field that is not set chooses all.
type Filter struct {
	Tenant, Key string
	// Since and Until bound the time: Since is in the span, Until is not.
	Since, Until time.Time
	// After is where the page begins, as a page before it said; Limit bounds its length,
	// 100 if it is not set and 1,000 at most.
	After string
	Limit int
}

// deleteAtOnce is how many captures are deleted in one step.
const deleteAtOnce = 1000

// Prune deletes what is older than keep, and the oldest of the others down to maxTotal
// bytes, in steps. It tells how many captures it has deleted.
func Prune(ctx context.Context, store Store, keep time.Duration, maxTotal int64, now time.Time) (deleted int, err error) {
	return prune(ctx, store, now.Add(-keep), maxTotal)
}

func prune(ctx context.Context, store Store, before time.Time, maxTotal int64) (deleted int, err error) {
	deleted, err = retention.InSteps(ctx, deleteAtOnce, func(ctx context.Context, most int) (int, error) {
		return store.PruneCaptures(ctx, before, maxTotal, most)
	})
	if err != nil {
		err = fmt.Errorf("deleting old captures: %w", err)
	}
	return deleted, err
}

// Delete deletes all captures of a tenant, of a key, or of a key of a tenant, in steps, and
// tells how many it has deleted. What is empty is any.
func Delete(ctx context.Context, store Store, tenant, key string) (deleted int, err error) {
	return retention.InSteps(ctx, deleteAtOnce, func(ctx context.Context, most int) (int, error) {
		return store.DeleteCaptures(ctx, tenant, key, most)
	})
}
