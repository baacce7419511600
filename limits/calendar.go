package limits

import "time"

// calendar tells the windows of quotas that are open at a moment. It looks each up once.
type calendar struct {
	now time.Time
	loc *time.Location

	day, month         string
	dayEnds, monthEnds time.Time
}

// dayForm is how days are named; months are named by its beginning.
const dayForm = "2006-01-02"

// forever is the window of what is counted for all time.
const forever = "all"

// window is the name of the open window of a span, and when it is over, zero if never.
func (c *calendar) window(s span) (name string, ends time.Time) {
	if s == always {
		return forever, time.Time{}
	}
	if c.day == "" {
		c.look()
	}
	if s == month {
		return c.month, c.monthEnds
	}
	return c.day, c.dayEnds
}

func (c *calendar) look() {
	local := c.now.In(c.loc)
	c.day = local.Format(dayForm)
	c.month = c.day[:len(c.day)-len("-02")]
	year, month, date := local.Date()
	c.dayEnds = midnight(year, month, date+1, c.loc)
	c.monthEnds = midnight(year, month+1, 1, c.loc)
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
