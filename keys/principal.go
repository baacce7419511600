package keys

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// Principal is who a key stands for, and what it may do. It is immutable and shared by
// requests; it holds neither the secret nor its hash.
type Principal struct {
	// ID is the key's id, Tenant its tenant's.
	ID     string
	Tenant string
	// Scope is what the key may be used for.
	Scope Scope
	// Limits are the key's own over those that its tenant sets for each key, TenantLimits
	// bound all keys of the tenant together, ModelLimits what they use of models by name or
	// pattern. Defaults of the configuration are not in them.
	Limits       limits.Set
	TenantLimits limits.Set
	ModelLimits  map[string]limits.Set
	// Capture says of which requests the bodies are kept; nil is of none.
	Capture *Capture
	// Metadata is the key's over the tenant's.
	Metadata map[string]string
	// Static says that the key is one of the configuration.
	Static bool

	bounds atomic.Pointer[bounds]
	within atomic.Pointer[within] // of keys of the configuration
}

// bounds are what requests of a key are held against, over some defaults: by the pattern that
// the limits for their model are set for, those that were needed.
type bounds struct {
	defaults  limits.Set
	byPattern sync.Map // of *limits.Bounds by string
}

// Bounds gives what requests of the key for a model are held against: the key's limits over
// the defaults of the configuration, those of its tenant, and the tenant's for the model.
func (p *Principal) Bounds(model string, defaults *limits.Set) *limits.Bounds {
	known := p.bounds.Load()
	if known == nil || known.defaults != *defaults {
		known = &bounds{defaults: *defaults}
		p.bounds.Store(known)
	}
	pattern := p.modelPattern(model)
	if b, ok := known.byPattern.Load(pattern); ok {
		return b.(*limits.Bounds)
	}
	s := p.OfModels(pattern)
	s.Key, s.KeyLimits, s.TenantLimits = p.ID, p.Limits.Over(*defaults), p.TenantLimits
	b := s.Bounds()
	known.byPattern.Store(pattern, b)
	return b
}

// OfModels is whose limits are those that the tenant sets for the models of a pattern. A model
// for which another pattern counts is none of them.
func (p *Principal) OfModels(pattern string) limits.Subject {
	return limits.Subject{
		ModelPattern: pattern, ModelLimits: p.ModelLimits[pattern],
		Models: func(model string) bool { return p.modelPattern(model) == pattern },
	}
}

// May reports whether the key may use a model.
func (p *Principal) May(model string) bool {
	return len(p.Scope.Models) == 0 || Among(p.Scope.Models, model)
}

// MayDialect reports whether the key may be used in a dialect of clients.
func (p *Principal) MayDialect(dialect string) bool {
	return len(p.Scope.Dialects) == 0 || slices.Contains(p.Scope.Dialects, dialect)
}

// MayUse reports whether the key may be used at an endpoint, as ledger.Record names it.
func (p *Principal) MayUse(endpoint string) bool {
	return len(p.Scope.Endpoints) == 0 || slices.Contains(p.Scope.Endpoints, endpoint)
}

// modelPattern is the pattern that the tenant's limits for a model are set for: the model's
// own name, else the pattern with the most characters that match, of equal ones the first by
// spelling. A set that says nothing is none: it hides no other. The pattern is empty if there
// is none.
func (p *Principal) modelPattern(model string) (pattern string) {
	for candidate, set := range p.ModelLimits {
		if set != (limits.Set{}) && matches(candidate, model) && (pattern == "" || closer(candidate, pattern)) {
			pattern = candidate
		}
	}
	return pattern
}

// closer reports whether a pattern says more of a name than another one.
func closer(pattern, other string) bool {
	wild, otherWild := strings.Contains(pattern, "*"), strings.Contains(other, "*")
	switch {
	case wild != otherWild:
		return otherWild
	case len(pattern) != len(other):
		return len(pattern) > len(other)
	}
	return pattern < other
}

// Among reports whether a name is one of a list, in which a name may hold one *, which
// stands for any characters.
func Among(list []string, name string) bool {
	for _, pattern := range list {
		if matches(pattern, name) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	return len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}
