package registry

import (
	"fmt"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Policy is how the routes of a model are put in order.
type Policy uint8

// The policies.
const (
	// First keeps the order of the configuration.
	First Policy = iota
	// Weighted draws an order by chance, each route as often first as its weight says.
	Weighted
	// LeastLatency prefers the faster of two routes that are drawn by chance.
	LeastLatency
	// Cheapest prefers the route that the request is expected to cost least by.
	Cheapest
)

var policies = []string{First: "first", Weighted: "weighted", LeastLatency: "least_latency", Cheapest: "cheapest"}

// String gives the name of the policy in configurations.
func (p Policy) String() string { return policies[p] }

// ParsePolicy reads a policy's name; "" is First.
func ParsePolicy(name string) (Policy, error) {
	i, err := indexOf(policies, name, "policy")
	return Policy(i), err
}

// Affinity is what requests stay together by, on top of any policy.
type Affinity uint8

// The kinds of affinity.
const (
	// AffinityOff lets each request go its own way.
	AffinityOff Affinity = iota
	// AffinityKey keeps the requests of a key on one route.
	AffinityKey
	// AffinitySession keeps the requests of a session or conversation on one route.
	AffinitySession
)

var affinities = []string{AffinityOff: "off", AffinityKey: "key", AffinitySession: "session"}

// String gives the name of the affinity in configurations.
func (a Affinity) String() string { return affinities[a] }

// ParseAffinity reads an affinity's name; "" is AffinityOff.
func ParseAffinity(name string) (Affinity, error) {
	i, err := indexOf(affinities, name, "affinity")
	return Affinity(i), err
}

func indexOf(names []string, name, what string) (int, error) {
	for i, n := range names {
		if n == name {
			return i, nil
		}
	}
	if name == "" {
		return 0, nil
	}
	return 0, fmt.Errorf("%s %q is not known; it is one of %s", what, name, strings.Join(names, ", "))
}

// Class is a class of failures by which a model's configuration says what leads to
// another route.
type Class uint8

// The classes of failures.
const (
	// ClassNone is a failure that no other route can mend.
	ClassNone Class = iota
	// ClassRateLimit is a provider's rate limit.
	ClassRateLimit
	// ClassOverloaded is a provider without capacity.
	ClassOverloaded
	// ClassTimeout is a provider that did not answer in time.
	ClassTimeout
	// ClassUpstream is any other failure of a provider, an unreachable one among them.
	ClassUpstream
	// ClassInterrupted is an answer that broke off before its first content.
	ClassInterrupted
	// ClassAuth is a fault of the gateway's own credential or balance.
	ClassAuth
	// ClassModel is a model that the provider does not know.
	ClassModel
	// ClassContext is a conversation that is larger than the model's window.
	ClassContext
	// ClassContent is content that the provider blocks.
	ClassContent
	// ClassUnsupported is a request that the route cannot carry.
	ClassUnsupported
)

var classes = []string{
	ClassNone: "none", ClassRateLimit: "rate_limit", ClassOverloaded: "overloaded", ClassTimeout: "timeout", ClassUpstream: "upstream",
	ClassInterrupted: "interrupted", ClassAuth: "auth", ClassModel: "model_not_found", ClassContext: "context_overflow",
	ClassContent: "content_blocked", ClassUnsupported: "unsupported",
}

// String gives the name of the class in configurations.
func (c Class) String() string { return classes[c] }

// ClassOf gives the class of a kind of error.
func ClassOf(kind translate.ErrorKind) Class {
	switch kind {
	case translate.ErrUpstreamLimit:
		return ClassRateLimit
	case translate.ErrOverloaded:
		return ClassOverloaded
	case translate.ErrTimeout:
		return ClassTimeout
	case translate.ErrUpstream:
		return ClassUpstream
	case translate.ErrInterrupted:
		return ClassInterrupted
	case translate.ErrUpstreamAuth:
		return ClassAuth
	case translate.ErrModel, translate.ErrNotFound:
		return ClassModel
	case translate.ErrContext:
		return ClassContext
	case translate.ErrContent:
		return ClassContent
	case translate.ErrUnsupported:
		return ClassUnsupported
	}
	return ClassNone
}

// Classes is a set of classes. The zero set stands for the default: all but blocked
// content, which another provider would only be asked to say again.
type Classes uint16

// NoClasses is the set that holds none, so that no failure leads to another route.
const NoClasses = Classes(1 << ClassNone)

const (
	allClasses     = Classes(1<<(ClassUnsupported+1)-1) &^ NoClasses
	defaultClasses = allClasses &^ (1 << ClassContent)
)

// Has reports whether the set holds a class.
func (s Classes) Has(c Class) bool {
	if c == ClassNone {
		return false
	}
	if s == 0 {
		s = defaultClasses
	}
	return s>>c&1 != 0
}

// ParseClasses reads the names of classes; "default" and "all" stand for several, "none"
// for no class.
func ParseClasses(names []string) (Classes, error) {
	var set Classes
	for _, name := range names {
		switch name {
		case "default":
			set |= defaultClasses
		case "all":
			set |= allClasses
		case "none":
			if len(names) > 1 {
				return 0, fmt.Errorf("none excludes all other classes of errors")
			}
			return NoClasses, nil
		default:
			i, err := indexOf(classes[1:], name, "class of errors")
			if err != nil || name == "" {
				return 0, fmt.Errorf("class of errors %q is not known; there are %s, default, all and none", name, strings.Join(classes[1:], ", "))
			}
			set |= 1 << (i + 1)
		}
	}
	return set, nil
}
