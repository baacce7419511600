package estimate

import "sync"

const (
	// uncalibrated is the factor of a model of which nothing is known, in thousandths.
	uncalibrated = 1000
	// A single prompt says little: what it says is bounded, and short ones say nothing,
	// since what providers add of their own outweighs them.
	minFactor    = 250
	maxFactor    = 4000
	shortPrompt  = 100
	maxCounted   = 1_000_000_000 // beyond it, a provider has told nonsense
	upWeight     = 8             // one eighth of the way up
	downWeight   = 32            // and far less of it down: a count that is too low does harm (pain 30)
	factorMargin = 20            // thousandths on top, so that the estimate leans to the high side
)

// Calibration corrects the estimates of prompts by what the providers of each upstream model
// count. It knows a bounded number of models, and those alone that come first: an operator
// has few, and clients cannot make up more. It is safe for concurrent use.
type Calibration struct {
	most int

	mu      sync.RWMutex
	factors map[string]int64 // in millionths
}

// NewCalibration makes one for at most the given number of models.
func NewCalibration(models int) *Calibration {
	return &Calibration{most: models, factors: map[string]int64{}}
}

// Apply corrects an estimate for an upstream model.
func (c *Calibration) Apply(model string, estimated int64) int64 {
	factor := c.Factor(model)
	whole, part := estimated/1000, estimated%1000
	return whole*factor + (part*factor+999)/1000
}

// Factor is what estimates for a model are multiplied by, in thousandths.
func (c *Calibration) Factor(model string) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if factor, known := c.factors[model]; known {
		return factor/1000 + factorMargin
	}
	return uncalibrated
}

// Observe notes how many tokens a provider counted in a prompt, and how many had been
// estimated without correction.
func (c *Calibration) Observe(model string, estimated, actual int64) {
	if estimated < shortPrompt || actual < shortPrompt {
		return
	}
	ratio := min(max(minFactor, min(actual, maxCounted)*1000/estimated), maxFactor) * 1000
	c.mu.Lock()
	defer c.mu.Unlock()
	factor, known := c.factors[model]
	if !known && len(c.factors) >= c.most {
		return
	}
	if !known {
		factor = uncalibrated * 1000
	}
	weight := int64(downWeight)
	if ratio > factor {
		weight = upWeight
	}
	c.factors[model] = factor + (ratio-factor)/weight
}
