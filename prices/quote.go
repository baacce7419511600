package prices

import (
	"encoding/json"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Quote tells what a usage costs, in the form of the gateway's predecessor: the prices, the
// usage and what each part costs; or without a usage the prices alone.
type Quote struct {
	Pricing     *Pricing        `json:"pricing,omitempty"`
	Usage       json.RawMessage `json:"usage,omitempty"`
	Breakdown   *Breakdown      `json:"breakdown,omitempty"`
	PricingOnly *Pricing        `json:"pricing_only,omitempty"`
}

// Pricing is the rates that hold, in OpenRouter's words and in USD per token, image, request
// or search. Rates that are not there stand in others.
type Pricing struct {
	Prompt            Rate   `json:"prompt"`
	Completion        Rate   `json:"completion"`
	Request           Rate   `json:"request,omitempty"`
	WebSearch         Rate   `json:"web_search,omitempty"`
	InternalReasoning Rate   `json:"internal_reasoning,omitempty"`
	InputCacheRead    Rate   `json:"input_cache_read,omitempty"`
	InputCacheWrite   Rate   `json:"input_cache_write,omitempty"`
	InputCacheWrite1h Rate   `json:"input_cache_write_1h,omitempty"`
	Audio             Rate   `json:"audio,omitempty"`
	AudioOutput       Rate   `json:"audio_output,omitempty"`
	ImageToken        Rate   `json:"image_token,omitempty"`
	ImageOutput       Rate   `json:"image_output,omitempty"`
	Image             Rate   `json:"image,omitempty"`
	OutputImage       Rate   `json:"output_image,omitempty"`
	Source            string `json:"source"`
	Version           string `json:"version"`
}

// Breakdown is what the parts of a usage cost. The total is the sum of the others but for
// InternalReasoningCost, which is a part of CompletionCost. ImageCost is that of images priced
// by themselves.
type Breakdown struct {
	PromptCost            Amount `json:"prompt_cost"`
	CacheReadCost         Amount `json:"cache_read_cost"`
	CacheWriteCost        Amount `json:"cache_write_cost"`
	CompletionCost        Amount `json:"completion_cost"`
	InternalReasoningCost Amount `json:"internal_reasoning_cost"`
	ImageCost             Amount `json:"image_cost"`
	RequestCost           Amount `json:"request_cost"`
	WebSearchCost         Amount `json:"web_search_cost"`
	TotalCost             Amount `json:"total_cost"`
	// ReportedCost is the provider's own cost where the usage tells one, which is what
	// would be charged.
	ReportedCost string `json:"reported_cost,omitempty"`
	Unit         string `json:"unit"`
}

// NewQuote prices a usage at a moment; without a usage it tells the prices alone.
func NewQuote(p *Price, u *translate.Usage, at time.Time) Quote {
	if u == nil {
		return Quote{PricingOnly: p.pricing(p.under(conditions{at: at}))}
	}
	quote := Quote{Pricing: p.pricing(p.under(conditionsOf(u, at))), Breakdown: breakdown(p.Cost(u, at))}
	if json.Valid(u.Raw) {
		quote.Usage = json.RawMessage(u.Raw)
	}
	quote.Breakdown.ReportedCost = Charge(p, u, at).Reported
	return quote
}

// breakdown sums the lines up in the predecessor's words.
func breakdown(c Cost) *Breakdown {
	b := &Breakdown{TotalCost: c.Total, Unit: "USD"}
	for _, line := range c.Lines {
		into := b.of(line.What)
		*into = into.plus(line.Amount)
		if line.What == PartReasoning {
			b.InternalReasoningCost = line.Amount
		}
	}
	return b
}

// of is the cost that a part belongs to.
func (b *Breakdown) of(part Part) *Amount {
	switch part {
	case PartInput, PartAudioInput, PartImageInput:
		return &b.PromptCost
	case PartCacheRead:
		return &b.CacheReadCost
	case PartCacheWrite, PartCacheWrite1h:
		return &b.CacheWriteCost
	case PartImage, PartOutputImage:
		return &b.ImageCost
	case PartRequest:
		return &b.RequestCost
	case PartWebSearch:
		return &b.WebSearchCost
	}
	return &b.CompletionCost
}

// pricing is rates in OpenRouter's words.
func (p *Price) pricing(r Rates) *Pricing {
	return &Pricing{
		Prompt: r.Input, Completion: r.Output, Request: r.Request, WebSearch: r.WebSearch, InternalReasoning: r.Reasoning,
		InputCacheRead: r.CacheRead, InputCacheWrite: r.CacheWrite, InputCacheWrite1h: r.CacheWrite1h,
		Audio: r.AudioInput, AudioOutput: r.AudioOutput, ImageToken: r.ImageInput, ImageOutput: r.ImageOutput,
		Image: r.Image, OutputImage: r.OutputImage,
		Source: p.Source, Version: p.Version(),
	}
}
