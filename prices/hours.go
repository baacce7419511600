package prices

import (
	"encoding/json"
	"fmt"
	"time"
)

// Hours is a time of day that returns every day, in a time zone. It begins with From and
// ends before To, and it spans midnight where To is earlier.
type Hours struct {
	From, To Clock
	// Zone is where the clock hangs; nil is UTC.
	Zone *time.Location
}

// Clock is a time of day in minutes after midnight. Its text form is "16:30".
type Clock int

const minutesPerDay = 24 * 60

// ParseClock reads a time of day from "00:00" to "24:00".
func ParseClock(text string) (Clock, error) {
	if text == "24:00" {
		return minutesPerDay, nil
	}
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("time of day %.20q: write hours and minutes such as \"16:30\"", text)
	}
	return Clock(at.Hour()*60 + at.Minute()), nil
}

// String returns hours and minutes.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Contain reports whether a moment is within the hours.
func (h *Hours) Contain(at time.Time) bool {
	zone := h.Zone
	if zone == nil {
		zone = time.UTC
	}
	hour, minute, _ := at.In(zone).Clock()
	now := Clock(hour*60 + minute)
	if h.From < h.To {
		return h.From <= now && now < h.To
	}
	return h.From <= now || now < h.To
}

func (h *Hours) validate() error {
	if h.From < 0 || h.From >= minutesPerDay || h.To < 0 || h.To > minutesPerDay {
		return fmt.Errorf("hours: %d to %d minutes are no times of a day", h.From, h.To)
	}
	if h.From == h.To {
		return fmt.Errorf("hours: from and to are both %s: leave hours out for the whole day", h.From)
	}
	return nil
}

// hoursJSON is the written form of Hours.
type hoursJSON struct {
	From string `json:"from"`
	To   string `json:"to"`
	Zone string `json:"zone,omitempty"`
}

// MarshalJSON writes {"from": "16:30", "to": "00:30", "zone": "Asia/Shanghai"}.
func (h Hours) MarshalJSON() ([]byte, error) {
	written := hoursJSON{From: h.From.String(), To: h.To.String()}
	if h.Zone != nil {
		written.Zone = h.Zone.String()
	}
	return json.Marshal(written)
}

// UnmarshalJSON reads what MarshalJSON writes; the zone is a name of the IANA database.
// It refuses members that it does not know, as a zone that is mistyped would be UTC.
func (h *Hours) UnmarshalJSON(data []byte) error {
	var written hoursJSON
	err := strict(data, &written)
	if err != nil {
		return fmt.Errorf("hours: %w", err)
	}
	if h.From, err = ParseClock(written.From); err != nil {
		return fmt.Errorf("hours: from: %w", err)
	}
	if h.To, err = ParseClock(written.To); err != nil {
		return fmt.Errorf("hours: to: %w", err)
	}
	if h.Zone = nil; written.Zone != "" {
		if h.Zone, err = time.LoadLocation(written.Zone); err != nil {
			return fmt.Errorf("hours: zone: %w", err)
		}
	}
	return h.validate()
}
