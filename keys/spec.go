package keys

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/limits"
)

// KeySpec is what an administrator says of a key.
type KeySpec struct {
	Description string            `json:"description,omitempty"`
	Scope       Scope             `json:"scope,omitzero"`
	Limits      limits.Set        `json:"limits,omitzero"`
	Disabled    bool              `json:"disabled,omitempty"`
	Expires     *time.Time        `json:"expires,omitempty"`
	Capture     *Capture          `json:"capture,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// TenantSpec is what an administrator says of a tenant.
type TenantSpec struct {
	Name        string                `json:"name,omitempty"`
	Disabled    bool                  `json:"disabled,omitempty"`
	Limits      limits.Set            `json:"limits,omitzero"`
	KeyLimits   limits.Set            `json:"key_limits,omitzero"`
	ModelLimits map[string]limits.Set `json:"model_limits,omitempty"`
	Metadata    map[string]string     `json:"metadata,omitempty"`
}

// InvalidError is a field that cannot be as it was asked for.
type InvalidError struct {
	// Field is its name in JSON, with those of the objects that it is in before it.
	Field string
	// Problem says what is wrong and what to do.
	Problem string
}

func (e *InvalidError) Error() string { return e.Field + ": " + e.Problem }

// OverError is a key that is revoked, has expired or was rotated, so that what was asked for
// cannot be done.
type OverError struct{ Problem string }

func (e *OverError) Error() string { return "the key " + e.Problem }

// The bounds of what is kept of a tenant or a key, in bytes but for the counts.
const (
	maxID          = 64
	maxDescription = 512
	maxPatterns    = 100
	maxPattern     = 200
	maxMetadata    = 16
	maxPair        = 256
)

// validate refuses a key's specification, as a change of what was before.
func (s *KeySpec) validate(m *Manager, before *KeySpec) error {
	return firstError(
		validEnd("expires", s.Expires, before.Expires, m.now()),
		validText("description", s.Description, maxDescription),
		validPatterns("scope.models", s.Scope.Models),
		validNames("scope.dialects", s.Scope.Dialects, m.Dialects),
		validNames("scope.endpoints", s.Scope.Endpoints, m.Endpoints),
		validLimits("limits", s.Limits),
		validCapture(s.Capture, before.Capture, m.now()),
		validMetadata(s.Metadata),
	)
}

// validate refuses a tenant's specification.
func (s *TenantSpec) validate() error {
	err := firstError(
		validText("name", s.Name, maxDescription),
		validLimits("limits", s.Limits),
		validLimits("key_limits", s.KeyLimits),
		validMetadata(s.Metadata),
	)
	if err != nil {
		return err
	}
	if len(s.ModelLimits) > maxPatterns {
		return &InvalidError{"model_limits", fmt.Sprintf("may have %d entries at most", maxPatterns)}
	}
	for pattern, set := range s.ModelLimits {
		if err := firstError(validPattern("model_limits", pattern), validLimits("model_limits."+pattern, set)); err != nil {
			return err
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckID refuses what is not fit to be the id of a tenant, or of a key of the configuration.
func CheckID(field, id string) error {
	for i, c := range []byte(id) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '-' && c != '_') {
			return &InvalidError{field, "may hold letters, digits, dots, dashes and underscores, and begins with a letter or digit"}
		}
	}
	if id == "" || len(id) > maxID {
		return &InvalidError{field, fmt.Sprintf("must have 1 to %d characters", maxID)}
	}
	return nil
}

// lastYear is the last one whose times RFC 3339 can write.
const lastYear = 9999

// validEnd refuses a time at which something is to end, unless it was there before. A time is
// kept and told in UTC, where it may be in a later year than in the zone in which it was asked
// for.
func validEnd(field string, end, before *time.Time, now time.Time) error {
	switch {
	case end == nil || sameTime(end, before):
		return nil
	case !end.After(now):
		return &InvalidError{field, "is in the past"}
	case end.UTC().Year() > lastYear:
		return &InvalidError{field, fmt.Sprintf("must not be after the year %d in UTC; for no end, leave it out or set it to null", lastYear)}
	}
	return nil
}

func validText(field, text string, most int) error {
	switch {
	case len(text) > most:
		return &InvalidError{field, fmt.Sprintf("may have %d bytes at most", most)}
	case !utf8.ValidString(text):
		return &InvalidError{field, "must be valid UTF-8"}
	case strings.ContainsFunc(text, unicode.IsControl):
		return &InvalidError{field, "must not hold control characters"}
	}
	return nil
}

// validPatterns refuses patterns of models. An empty list is refused too, since it would
// allow all models to who may have meant none.
func validPatterns(field string, list []string) error {
	if err := validLength(field, list); err != nil {
		return err
	}
	for _, pattern := range list {
		if err := validPattern(field, pattern); err != nil {
			return err
		}
	}
	return nil
}

func validPattern(field, pattern string) error {
	switch {
	case pattern == "" || strings.ContainsFunc(pattern, unicode.IsSpace):
		return &InvalidError{field, fmt.Sprintf("%q is no name of a model", pattern)}
	case strings.Count(pattern, "*") > 1:
		return &InvalidError{field, fmt.Sprintf("%q may hold one * at most", pattern)}
	}
	return validText(field, pattern, maxPattern)
}

func validNames(field string, list, known []string) error {
	if err := validLength(field, list); err != nil {
		return err
	}
	for _, name := range list {
		if !slices.Contains(known, name) {
			return &InvalidError{field, fmt.Sprintf("%q is not known; there are %s", name, strings.Join(known, ", "))}
		}
	}
	return nil
}

func validLength(field string, list []string) error {
	switch {
	case list != nil && len(list) == 0:
		return &InvalidError{field, "is empty; leave it out, or set it to null, to allow all"}
	case len(list) > maxPatterns:
		return &InvalidError{field, fmt.Sprintf("may have %d entries at most", maxPatterns)}
	}
	return nil
}

func validLimits(field string, s limits.Set) error {
	if err := s.Validate(); err != nil {
		return &InvalidError{field, err.Error()}
	}
	return nil
}

func validMetadata(metadata map[string]string) error {
	if len(metadata) > maxMetadata {
		return &InvalidError{"metadata", fmt.Sprintf("may have %d entries at most", maxMetadata)}
	}
	for name, value := range metadata {
		if name == "" {
			return &InvalidError{"metadata", "has an entry without a name"}
		}
		if len(name)+len(value) > maxPair {
			return &InvalidError{"metadata." + name[:min(len(name), maxID)], fmt.Sprintf("may have %d bytes at most, with its name", maxPair)}
		}
		if err := firstError(validText("metadata", name, maxPair), validText("metadata."+name, value, maxPair)); err != nil {
			return err
		}
	}
	return nil
}
