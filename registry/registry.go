// Package registry knows the logical models: their routes, what each route can do,
// and in which order routes are tried for a request. It is plain Go without network,
// clock or configuration format.
package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Model is a logical model: a name that clients ask for.
type Model struct {
	// Name is the name, or a pattern with one * that stands for any characters.
	Name string
	// Aliases are further names of the same model.
	Aliases []string
	// Routes are tried in order.
	Routes []*Route
	// Strict turns each loss of a request into a 400 that names the field.
	Strict bool
	// DisplayName, ContextWindow and MaxOutput are told to clients that list models.
	DisplayName   string
	ContextWindow int64
	MaxOutput     int64
	// Policy puts the routes in order, Affinity keeps requests together on top of it.
	Policy   Policy
	Affinity Affinity
	// FallbackOn says which failures lead to the next route.
	FallbackOn Classes
	// Missing says why routes of the model were left out, for its 503.
	Missing []string
}

// IsPattern reports whether the name holds a wildcard.
func (m *Model) IsPattern() bool { return strings.Contains(m.Name, "*") }

// Route is one way to serve a model.
type Route struct {
	// Provider is the provider's configured name, Upstream its name of the model, which
	// may hold {model.rest} for what the pattern's * matched.
	Provider string
	Upstream string
	// Strict turns each loss of a request into a 400.
	Strict bool
	// ID names the route: its model and its number.
	ID string
	// Weight is its share under the policy Weighted; 0 is 1.
	Weight int
	// Fallback routes come after all others.
	Fallback bool
	// Data is the gateway's own.
	Data any

	place int // in the configuration
	twin  int // how many routes before it lead to the same provider and upstream
}

// Match is a model found for a name.
type Match struct {
	Model *Model
	// Rest is what the pattern's * matched, "" for a plain name.
	Rest string
}

// Upstream gives a route's upstream model for the match.
func (m Match) Upstream(r *Route) string {
	return strings.ReplaceAll(r.Upstream, "{model.rest}", m.Rest)
}

// Registry finds models by name. It is immutable and safe for concurrent use.
type Registry struct {
	models   []*Model
	byName   map[string]*Model
	patterns []*Model
}

// New makes a registry; it refuses names that are empty, doubled or hold more than
// one wildcard.
func New(models []*Model) (*Registry, error) {
	r := &Registry{models: models, byName: map[string]*Model{}}
	for _, m := range models {
		m.number()
		for _, name := range append([]string{m.Name}, m.Aliases...) {
			if err := r.add(m, name); err != nil {
				return nil, err
			}
		}
		if m.IsPattern() {
			r.patterns = append(r.patterns, m)
		}
	}
	slices.SortStableFunc(r.patterns, func(a, b *Model) int { return len(b.Name) - len(a.Name) })
	return r, nil
}

// number tells the routes of a model where they stand.
func (m *Model) number() {
	for i, route := range m.Routes {
		route.place, route.twin = i, 0
		for _, before := range m.Routes[:i] {
			if before.Provider == route.Provider && before.Upstream == route.Upstream {
				route.twin++
			}
		}
	}
}

func (r *Registry) add(m *Model, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("a model without a name")
	case strings.Count(name, "*") > 1:
		return fmt.Errorf("model %q: only one * is allowed in a name", name)
	case name != m.Name && strings.Contains(name, "*"):
		return fmt.Errorf("model %q: alias %q must not hold a *", m.Name, name)
	case r.byName[name] != nil:
		return fmt.Errorf("model %q is defined twice", name)
	}
	r.byName[name] = m
	return nil
}

// Find returns the model for a name: an equal name or alias first, then the longest
// pattern that matches.
func (r *Registry) Find(name string) (Match, bool) {
	if m := r.byName[name]; m != nil && !strings.Contains(name, "*") {
		return Match{Model: m}, true
	}
	for _, m := range r.patterns {
		before, after, _ := strings.Cut(m.Name, "*")
		if len(name) > len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
			return Match{Model: m, Rest: name[len(before) : len(name)-len(after)]}, true
		}
	}
	return Match{}, false
}

// Names lists the models' names and aliases, without patterns, in the order of the
// configuration.
func (r *Registry) Names() []string {
	var names []string
	for _, m := range r.models {
		if !m.IsPattern() {
			names = append(append(names, m.Name), m.Aliases...)
		}
	}
	return names
}

// Models lists the models in the order of the configuration.
func (r *Registry) Models() []*Model { return r.models }

// Near lists up to three names that resemble a name that was not found.
func (r *Registry) Near(name string, allowed func(*Model) bool) []string {
	var names []string
	for _, m := range r.models {
		if !m.IsPattern() && allowed(m) {
			names = append(names, m.Name)
		}
	}
	return Similar(name, names)
}

// Similar lists up to three of the names that resemble a name, the nearest first.
func Similar(name string, names []string) []string {
	type candidate struct {
		name  string
		score int
	}
	var found []candidate
	for _, other := range names {
		if score := distance(strings.ToLower(name), strings.ToLower(other)); score <= max(2, len(other)/3) && score < len(other) {
			found = append(found, candidate{other, score})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.score - b.score })
	var similar []string
	for _, c := range found[:min(3, len(found))] {
		similar = append(similar, c.name)
	}
	return similar
}

// maxCompared bounds the names that distance looks at.
const maxCompared = 128

// distance is the number of single-character edits between two names, 0 if one holds
// the other.
func distance(a, b string) int {
	if len(a) >= 3 && strings.Contains(b, a) || len(b) >= 3 && strings.Contains(a, b) {
		return 0
	}
	if len(a) > maxCompared {
		return maxCompared
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
