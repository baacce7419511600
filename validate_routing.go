package xjpgateway

import (
	"errors"
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// validate checks that the settings of a model are known and fit together. A
// configuration may come in JSON, so the parser's checks of single values are made again.
func (m *ModelConfig) validate() error {
	return errors.Join(m.checkPolicy(), m.checkFallbackOn(), m.checkHedge(), m.checkRoutes())
}

func (m *ModelConfig) checkPolicy() error {
	policy, err := registry.ParsePolicy(m.Policy)
	if err != nil {
		return err
	}
	if m.Policy != "" && policy != registry.Weighted && m.weighted() {
		return fmt.Errorf("policy: %s heeds no weight; leave the weights out, or take weighted", policy)
	}
	_, err = registry.ParseAffinity(m.Affinity)
	return err
}

// weighted reports whether a route has a weight.
func (m *ModelConfig) weighted() bool {
	return slices.ContainsFunc(m.Routes, func(r *RouteConfig) bool { return r.Weight != 0 })
}

func (m *ModelConfig) checkFallbackOn() error {
	if _, err := registry.ParseClasses(m.FallbackOn); err != nil {
		return fmt.Errorf("fallback_on: %w", err)
	}
	return nil
}

func (m *ModelConfig) checkHedge() error {
	h := m.Hedge
	switch {
	case h == HedgeConfig{}:
		return nil
	case h.Delay != 0 && h.Quantile != 0:
		return errors.New("hedge: there is either a delay or a quantile")
	case h.Delay < 0:
		return errors.New("hedge: delay must not be negative")
	case h.Delay == 0 && !(h.Quantile >= minQuantile && h.Quantile <= maxQuantile):
		return fmt.Errorf("hedge: quantile must be from %v to %v", minQuantile, maxQuantile)
	case len(m.Routes) < 2:
		return errors.New("hedge: a second route is needed to hedge with")
	}
	return nil
}

func (m *ModelConfig) checkRoutes() error {
	if !slices.ContainsFunc(m.Routes, func(r *RouteConfig) bool { return !r.Fallback }) {
		return errors.New("all routes are fallbacks; one must be a route proper")
	}
	return nil
}

// checkWeight checks the share of a route.
func (r *RouteConfig) checkWeight() error {
	if r.Fallback && r.Weight != 0 {
		return errors.New("weight: a fallback is no part of the shares and takes no weight")
	}
	return between("weight", r.Weight, maxWeight)
}

func (r *RetryConfig) validate() error {
	var errs []error
	if r.Max != nil && (*r.Max < 0 || *r.Max > maxRounds) {
		errs = append(errs, fmt.Errorf("max must be from 0 to %d", maxRounds))
	}
	errs = append(errs, notNegative("backoff", r.Backoff), notNegative("max_wait", r.MaxWait), share("budget", r.Budget))
	return within("retry", errs)
}

func (b *BreakerConfig) validate() error {
	if b.Off && *b != (BreakerConfig{Off: true}) {
		return errors.New("breaker: off leaves no other setting a meaning")
	}
	return within("breaker", []error{
		between("failures", b.Failures, maxCalls), share("ratio", b.Ratio), between("min_calls", b.MinCalls, maxCalls),
		notNegative("window", b.Window), notNegative("cooldown", b.Cooldown),
	})
}

func (q *QueueConfig) validate() error {
	var errs []error
	if q.Size != nil && (*q.Size < 0 || *q.Size > maxQueue) {
		errs = append(errs, fmt.Errorf("size must be from 0 to %d", maxQueue))
	}
	return within("queue", append(errs, notNegative("wait", q.Wait)))
}

// within names the setting that errors belong to.
func within(setting string, errs []error) error {
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", setting, err)
	}
	return nil
}

// between checks a whole number above zero; zero is one that is not set.
func between(field string, value, highest int) error {
	if value < 0 || value > highest {
		return fmt.Errorf("%s must be from 1 to %d", field, highest)
	}
	return nil
}

// share checks a part of one; zero is one that is not set.
func share(field string, value float64) error {
	if value != 0 && !(value >= minShare && value <= 1) {
		return fmt.Errorf("%s must be from %v to 1", field, minShare)
	}
	return nil
}

func notNegative(field string, value caddy.Duration) error {
	if value < 0 {
		return fmt.Errorf("%s must not be negative", field)
	}
	return nil
}
