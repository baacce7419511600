package prices

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// parseOpenRouter reads the answer of OpenRouter's GET /api/v1/models: the prices by the
// models' names, and by their permanent slugs. Models whose price is unknown, such as
// routers with a price of -1, have none (provider-openrouter.md 7).
func parseOpenRouter(data []byte) (map[string]*Price, error) {
	var list struct {
		Models []struct {
			ID      string `json:"id"`
			Slug    string `json:"canonical_slug"`
			Pricing listed `json:"pricing"`
		} `json:"data"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("OpenRouter's list of models: %w", err)
	}
	prices := map[string]*Price{}
	for i := range list.Models {
		m := &list.Models[i]
		if p := m.Pricing.price(); p != nil && m.ID != "" {
			prices[m.ID] = p
		}
	}
	for i := range list.Models {
		m := &list.Models[i]
		if p := prices[m.ID]; p != nil && m.Slug != "" && prices[m.Slug] == nil {
			prices[m.Slug] = p
		}
	}
	if len(prices) == 0 {
		return nil, errors.New("OpenRouter's list of models: no model has a price")
	}
	return prices, nil
}

// listed is a pricing object, of which an override is one more with conditions.
type listed map[string]json.RawMessage

// price is the price that the object tells, nil if it does not tell what tokens cost.
func (l listed) price() *Price {
	p := &Price{Rates: l.rates()}
	if !p.Input.IsSet() || !p.Output.IsSet() {
		return nil
	}
	var overrides []listed
	if json.Unmarshal(l["overrides"], &overrides) == nil {
		for _, o := range overrides {
			if override, ok := o.override(); ok {
				p.Overrides = append(p.Overrides, override)
			}
		}
	}
	sealed, err := p.Seal(FromOpenRouter)
	if err != nil {
		return nil
	}
	return sealed
}

// rates are the rates that the object sets. A reasoning or media rate of zero is a
// placeholder of old lists and not a gift: those tokens are inside prompt and completion.
// image is of each input image (OpenRouter's OpenAPI description, PublicPricing), unless it
// is what a token of the prompt costs: then it says over again what those of images do.
func (l listed) rates() Rates {
	paid := func(key string) Rate {
		if r := l.rate(key); r != Free {
			return r
		}
		return 0
	}
	image := paid("image")
	if image == l.rate("prompt") {
		image = 0
	}
	return Rates{
		Input: l.rate("prompt"), Output: l.rate("completion"),
		CacheRead: l.rate("input_cache_read"), CacheWrite: l.rate("input_cache_write"), CacheWrite1h: l.rate("input_cache_write_1h"),
		Reasoning:  paid("internal_reasoning"),
		AudioInput: paid("audio"), AudioOutput: paid("audio_output"),
		ImageInput: paid("image_token"), ImageOutput: paid("image_output"),
		Image: image, Request: l.rate("request"), WebSearch: l.rate("web_search"),
	}
}

// rate is one rate; what is absent, unreadable or negative is unset.
func (l listed) rate(key string) Rate {
	text, ok := decimalOf(l[key])
	if !ok || text == "" {
		return 0
	}
	r, err := ParsePerUnit(text)
	if err != nil {
		return 0
	}
	return r
}

// conditionKeys are the conditions of overrides that are understood, priceKeys the prices
// beside them.
var (
	conditionKeys = []string{"min_prompt_tokens", "utc_start", "utc_end"}
	priceKeys     = []string{
		"prompt", "completion", "request", "image", "image_token", "image_output", "audio", "audio_output", "input_audio_cache",
		"web_search", "internal_reasoning", "input_cache_read", "input_cache_write", "input_cache_write_1h", "discount",
	}
)

// override is the override that the object tells. One with a condition that is not
// understood does not hold: it would hold always.
func (l listed) override() (Override, bool) {
	for key := range l {
		if !slices.Contains(conditionKeys, key) && !slices.Contains(priceKeys, key) {
			return Override{}, false
		}
	}
	o := Override{Rates: l.rates()}
	if json.Unmarshal(orNull(l["min_prompt_tokens"]), &o.AbovePrompt) != nil {
		return o, false
	}
	var start, end *int
	if json.Unmarshal(orNull(l["utc_start"]), &start) != nil || json.Unmarshal(orNull(l["utc_end"]), &end) != nil || (start == nil) != (end == nil) {
		return o, false
	}
	if start != nil {
		o.Hours = &Hours{From: clockOf(*start), To: clockOf(*end)}
	}
	return o, o.validate() == nil
}

// clockOf reads a time of day written as the number HHMM; what is none gives one that
// is refused later.
func clockOf(hhmm int) Clock {
	if hhmm < 0 || hhmm%100 >= 60 {
		return -1
	}
	return Clock(hhmm/100*60 + hhmm%100)
}

func orNull(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("null")
	}
	return data
}
