package keys

import "time"

// Capture says of which requests of a key the bodies are kept.
type Capture struct {
	// Share is the share of the requests, above 0 and at most 1. Which they are is left to
	// chance.
	Share float64 `json:"share"`
	// Until is when it ends; nil is never.
	Until *time.Time `json:"until,omitempty"`
}

// Picks reports whether a request at a time is one of those. draw is a number from 0 to
// below 1, by chance.
func (c *Capture) Picks(now time.Time, draw float64) bool {
	return draw < c.Share && (c.Until == nil || now.Before(*c.Until))
}

// validCapture refuses a setting, as a change of what was before.
func validCapture(c, before *Capture, now time.Time) error {
	if c == nil {
		return nil
	}
	if !(c.Share > 0 && c.Share <= 1) {
		return &InvalidError{"capture.share", "must be above 0 and at most 1, such as 0.1 for one request in ten; to capture none, leave capture out or set it to null"}
	}
	var end *time.Time
	if before != nil {
		end = before.Until
	}
	return validEnd("capture.until", c.Until, end, now)
}

// stored gives the setting as stores keep it, of its own.
func (c *Capture) stored() *Capture {
	if c == nil {
		return nil
	}
	return &Capture{Share: c.Share, Until: storedTime(c.Until)}
}

func sameTime(a, b *time.Time) bool { return b != nil && a.Equal(*b) }

// storedTime gives a time as stores keep it, exact to the microsecond.
func storedTime(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	exact := t.UTC().Truncate(time.Microsecond)
	return &exact
}
