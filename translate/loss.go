package translate

import "strings"

// Action says what happened to a field that could not be carried whole.
type Action string

// The actions. Dropped fields are left out; the others are carried with a change.
const (
	Dropped   Action = "dropped"
	Clamped   Action = "clamped"
	Converted Action = "converted"
	Repaired  Action = "repaired"
)

// Loss is one field that could not be carried whole.
type Loss struct {
	// Field is its path as the client's dialect spells it.
	Field  string
	Action Action
}

// Losses collects what a translation could not carry. The zero value is ready.
type Losses struct {
	list []Loss
}

// maxLosses bounds the list: a conversation of thousands of turns repeats itself.
const maxLosses = 64

// Add records a loss; an equal one is recorded once.
func (l *Losses) Add(field string, action Action) {
	for _, have := range l.list {
		if have.Field == field && have.Action == action {
			return
		}
	}
	if len(l.list) < maxLosses {
		l.list = append(l.list, Loss{field, action})
	}
}

// Drop records a field that was left out.
func (l *Losses) Drop(field string) { l.Add(field, Dropped) }

// List returns the losses in the order of their discovery.
func (l *Losses) List() []Loss { return l.list }

// Reset forgets all losses, for another attempt.
func (l *Losses) Reset() { l.list = l.list[:0] }

// String spells the losses for the header x-xjp-lossy: temperature=clamped,seed=dropped.
func (l *Losses) String() string {
	var b strings.Builder
	for i, loss := range l.list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(loss.Field)
		b.WriteByte('=')
		b.WriteString(string(loss.Action))
	}
	return b.String()
}
