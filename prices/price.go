package prices

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Rates are what the parts of a usage cost per unit. A rate that is unset falls back in the
// field's usual way: caches and input media to Input, reasoning and output media to Output,
// an hour's cache to the shorter one (provider-openrouter.md 7).
type Rates struct {
	// Input is of prompt tokens that no cache served or kept.
	Input Rate
	// Output is of produced tokens.
	Output Rate
	// CacheRead, CacheWrite and CacheWrite1h are of prompt tokens read from a cache, written
	// to one, and written to one that lives an hour.
	CacheRead, CacheWrite, CacheWrite1h Rate
	// Reasoning is of the part of the output that was reasoning, instead of Output.
	Reasoning Rate
	// AudioInput, AudioOutput, ImageInput and ImageOutput are of tokens of media.
	AudioInput, AudioOutput, ImageInput, ImageOutput Rate
	// Image and OutputImage are of each image of the prompt and of the answer, beside their
	// tokens.
	Image, OutputImage Rate
	// Request is of each call, WebSearch of each search that the provider made.
	Request, WebSearch Rate
}

// Price is what a model costs. It is not changed once it is in use.
type Price struct {
	Rates
	// Overrides change the rates under conditions, the later ones over the earlier.
	Overrides []Override
	// Source is where the price is from: "config", "openrouter" or "builtin".
	Source string

	version string // "" as long as it is not sealed
}

// The sources of prices.
const (
	FromConfig     = "config"
	FromOpenRouter = "openrouter"
	FromBuiltin    = "builtin"
)

// Override is the rates that hold instead of others where all its conditions are met. Unset
// rates stay as they were.
type Override struct {
	Rates
	// AbovePrompt is the count of prompt tokens above which the override prices the whole
	// request, not only the tokens above; 0 is any.
	AbovePrompt int64
	// Hours is the time of day, nil for any.
	Hours *Hours
	// ServiceTier is the tier that served, in Chat's words such as "flex"; "" is any.
	ServiceTier string
	// Since is the moment from which a price that was announced holds; zero is always.
	Since time.Time
}

// applies reports whether the conditions are met.
func (o *Override) applies(c *conditions) bool {
	return (o.AbovePrompt == 0 || c.prompt > o.AbovePrompt) &&
		(o.ServiceTier == "" || o.ServiceTier == c.serviceTier) &&
		(o.Hours == nil || o.Hours.Contain(c.at)) &&
		!c.at.Before(o.Since)
}

// conditions are what overrides depend on.
type conditions struct {
	prompt      int64
	serviceTier string
	at          time.Time
}

// conditionsOf are the conditions under which a usage came to be.
func conditionsOf(u *translate.Usage, at time.Time) conditions {
	prompt := sum(max(0, u.Input), max(0, u.CacheRead), max(0, u.CacheWrite))
	return conditions{prompt: prompt, serviceTier: u.ServiceTier, at: at}
}

// under returns the rates that hold under the conditions, before any falls back.
func (p *Price) under(c conditions) Rates {
	rates := p.Rates
	for i := range p.Overrides {
		if p.Overrides[i].applies(&c) {
			rates.take(&p.Overrides[i].Rates)
		}
	}
	return rates
}

// take takes over the rates that are set in others.
func (r *Rates) take(others *Rates) {
	r.Input = others.Input.or(r.Input)
	r.Output = others.Output.or(r.Output)
	r.CacheRead = others.CacheRead.or(r.CacheRead)
	r.CacheWrite = others.CacheWrite.or(r.CacheWrite)
	r.CacheWrite1h = others.CacheWrite1h.or(r.CacheWrite1h)
	r.Reasoning = others.Reasoning.or(r.Reasoning)
	r.AudioInput = others.AudioInput.or(r.AudioInput)
	r.AudioOutput = others.AudioOutput.or(r.AudioOutput)
	r.ImageInput = others.ImageInput.or(r.ImageInput)
	r.ImageOutput = others.ImageOutput.or(r.ImageOutput)
	r.Image = others.Image.or(r.Image)
	r.OutputImage = others.OutputImage.or(r.OutputImage)
	r.Request = others.Request.or(r.Request)
	r.WebSearch = others.WebSearch.or(r.WebSearch)
}

// Version returns a short and stable name of the price's source and content, such as
// "builtin:3f9a61c04d2e", which rows of the ledger keep beside what was charged.
func (p *Price) Version() string {
	if p.version != "" {
		return p.version
	}
	return p.describe()
}

func (p *Price) describe() string {
	content, err := json.Marshal(p)
	if err != nil {
		panic(err) // plain data of our own types always has a JSON form
	}
	sum := sha256.Sum256(content)
	return p.Source + ":" + hex.EncodeToString(sum[:6])
}

// Seal checks a price from the given source and returns a copy that knows its version, so
// that asking for it costs nothing.
func (p *Price) Seal(source string) (*Price, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	sealed := &Price{Rates: p.Rates, Overrides: append([]Override(nil), p.Overrides...), Source: source}
	sealed.version = sealed.describe()
	return sealed, nil
}
