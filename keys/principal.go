package keys

import (
	"slices"
	"strings"

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
	// Metadata is the key's over the tenant's.
	Metadata map[string]string
	// Static says that the key is one of the configuration.
	Static bool
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

// ModelLimitsOf gives the tenant's limits for a model and the pattern that they are set
// for: the model's own name, else the pattern with the most characters that match, of
// equal ones the first by spelling. The pattern is empty if there are none.
func (p *Principal) ModelLimitsOf(model string) (pattern string, s limits.Set) {
	found := false
	for candidate, set := range p.ModelLimits {
		if matches(candidate, model) && (!found || closer(candidate, pattern)) {
			pattern, s, found = candidate, set, true
		}
	}
	return pattern, s
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
