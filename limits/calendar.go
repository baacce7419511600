package limits

import (
	"sync/atomic"
	"time"
)

// Calendar tells the windows of quotas in a time zone. It remembers those that are open. It is
// safe for concurrent use.
type Calendar struct {
	loc  *time.Location
	open atomic.Pointer[windows]
}

// NewCalendar makes a calendar of a time zone.
func NewCalendar(loc *time.Location) *Calendar { return &Calendar{loc: loc} }

// windows are those that are open from the beginning of a day to its end.
type windows struct {
	begins             time.Time
	day, month         string
	dayEnds, monthEnds time.Time
}

// dayForm is how days are named; months are named by its beginning.
const dayForm = "2006-01-02"

// forever is the window of what is counted for all time.
const forever = "all"

// at gives the windows that are open at a moment.
func (c *Calendar) at(now time.Time) *windows {
	if w := c.open.Load(); w != nil && !now.Before(w.begins) && now.Before(w.dayEnds) {
		return w
	}
	w := windowsAt(now, c.loc)
	c.open.Store(w)
	return w
}

func windowsAt(now time.Time, loc *time.Location) *windows {
	local := now.In(loc)
	year, month, date := local.Date()
	day := local.Format(dayForm)
	return &windows{
		begins: midnight(year, month, date, loc),
		day:    day, dayEnds: midnight(year, month, date+1, loc),
		month: day[:len(day)-len("-02")], monthEnds: midnight(year, month+1, 1, loc),
	}
}

// window is the name of the open window of a span, and when it is over, zero if never.
func (w *windows) window(s span) (name string, ends time.Time) {
	switch s {
	case always:
		return forever, time.Time{}
	case month:
		return w.month, w.monthEnds
	}
	return w.day, w.dayEnds
}

// midnight is when a date begins. Where clocks are put forward or back at that hour, the
// standard library may take the hour that does not exist for the one before, and the one
// that comes twice for the second.
func midnight(year int, month time.Month, date int, loc *time.Location) time.Time {
	begins := time.Date(year, month, date, 0, 0, 0, 0, loc)
	if begins.Day() != time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Day() {
		return begins.Add(time.Hour)
	}
	if before := begins.Add(-time.Hour); before.Day() == begins.Day() {
		return before
	}
	return begins
}

// Since is when the window of a quota began in a time zone, the zero time if it is for all
// time.
func (m *Meter) Since(loc *time.Location) time.Time {
	form := dayForm
	if len(m.Window) == len("2006-01") {
		form = "2006-01"
	}
	begins, err := time.Parse(form, m.Window)
	if err != nil { // forever
		return time.Time{}
	}
	year, month, date := begins.Date()
	return midnight(year, month, date, loc)
}
