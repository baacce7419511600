package xjpgateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/registry"
)

// The largest sizes that can be configured, in bytes: of one thing, and of all together.
const (
	maxSize     = 2 << 30
	maxTogether = 1 << 40
)

// validate checks the settings that stand for themselves. The parser makes the same
// checks with the line of the offending token; this one is for configurations in JSON.
func (c *Config) validate() error {
	var errs []error
	within := func(name string, value, limit int64) {
		if value < 0 || value > limit {
			errs = append(errs, fmt.Errorf("%s must be from 0 to %d", name, limit))
		}
	}
	within("max_body", c.MaxBody, maxSize)
	within("max_bodies", c.MaxBodies, maxTogether)
	within("max_event", c.MaxEvent, maxSize)
	within("fetch: max_size", c.Fetch.MaxSize, maxSize)
	within("recall: max_size", c.Recall.MaxSize, maxTogether)
	within("idempotency: max_size", c.Idempotency.MaxSize, maxSize)
	within("idempotency: max_total", c.Idempotency.MaxTotal, maxTogether)
	if c.KeepAlive < 0 || c.Fetch.Timeout < 0 || c.Recall.TTL < 0 || c.Idempotency.TTL < 0 || c.Timeouts.negative() {
		errs = append(errs, errors.New("a duration must not be negative"))
	}
	errs = append(errs, c.Retry.validate(), c.Breaker.validate(), c.Queue.validate(), c.Ledger.validateLateCosts(), c.Ledger.Capture.validate())
	if _, err := c.Fetch.networks(); err != nil {
		errs = append(errs, err)
	}
	if c.defines() {
		errs = append(errs, c.validateKeys())
	}
	return errors.Join(errs...)
}

func (t *Timeouts) negative() bool {
	return t.Connect < 0 || t.FirstToken < 0 || t.Idle < 0 || t.Total < 0 || t.StreamTotal < 0
}

// validateKeys checks that the models that keys are narrowed to exist.
func (c *Config) validateKeys() error {
	names, err := c.modelNames()
	if err != nil {
		return err
	}
	for i, k := range c.Keys {
		for _, name := range k.Models {
			if err := known(names, name); err != nil {
				return fmt.Errorf("key %d: %w", i+1, err)
			}
		}
	}
	return nil
}

// validate checks the settings of a route that need no provider.
func (r *RouteConfig) validate() error {
	if r.Timeouts.Connect != 0 {
		return errors.New("timeouts: connect holds for all routes of a provider; set it in the app's timeouts, or as dial_timeout of the provider's transport")
	}
	if r.Timeouts.negative() {
		return errors.New("timeouts: a duration must not be negative")
	}
	if err := errors.Join(r.checkWeight(), between("max_concurrent", r.MaxConcurrent, maxConcurrency), r.Breaker.validate()); err != nil {
		return err
	}
	return r.checkWords()
}

// checkWords checks the settings that take one of a few words.
func (r *RouteConfig) checkWords() error {
	if r.Wire != "" && !slices.Contains(wires, r.Wire) {
		return fmt.Errorf("wire: '%s' is not known; there are chat and messages", r.Wire)
	}
	if r.ReasoningFormat != "" && !slices.Contains(reasoningFormats, r.ReasoningFormat) {
		return fmt.Errorf("reasoning_format: '%s' is not known; there are reasoning_content, reasoning, both and none", r.ReasoningFormat)
	}
	return nil
}

var (
	wires            = []string{"chat", "messages"}
	reasoningFormats = []string{"reasoning_content", "reasoning", "both", "none"}
)

// modelNames knows the names of the models that a configuration serves, without their
// routes.
func (c *Config) modelNames() (*registry.Registry, error) {
	configs := c.Models
	if len(configs) == 0 {
		configs = implicitModels(slices.Sorted(maps.Keys(c.Providers)))
	}
	var models []*registry.Model
	for _, m := range configs {
		models = append(models, &registry.Model{Name: m.Name, Aliases: m.Aliases})
	}
	return registry.New(models)
}

// known checks that a model exists that a site or a key is narrowed to. A name with a *
// may match models of which only the provider knows.
func known(names *registry.Registry, name string) error {
	if err := checkPattern(name); err != nil {
		return err
	}
	if _, ok := names.Find(name); ok || strings.Contains(name, "*") {
		return nil
	}
	return fmt.Errorf("unknown model '%s'%s", name, didYouMean(name, names.Names()))
}

// checkPattern refuses a name with more than one *, which would match no model.
func checkPattern(name string) error {
	if strings.Count(name, "*") > 1 {
		return fmt.Errorf("model '%s': only one * is allowed in a name", name)
	}
	return nil
}
