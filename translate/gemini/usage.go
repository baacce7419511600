package gemini

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// counts are the counters of usageMetadata. They are cumulative, and a zero in a later
// event says nothing (4.5).
type counts struct {
	prompt, cached, candidates, thoughts, tools, total int64
	audioIn, imageIn, audioOut, imageOut               int64
	hasThoughts, hasCached                             bool
	tier                                               string
	raw                                                []byte
}

// maxCount bounds a count, so that no sum of them overflows.
const maxCount = 1 << 50

// merge takes over what a usageMetadata object tells and reports whether there was any.
func (c *counts) merge(v scan.Value) bool {
	any := false
	for key, m := range v.Members() {
		switch string(key) {
		case "promptTokenCount":
			any = take(&c.prompt, m) || any
		case "cachedContentTokenCount":
			any = take(&c.cached, m) || any
			c.hasCached = true
		case "candidatesTokenCount":
			any = take(&c.candidates, m) || any
		case "thoughtsTokenCount":
			any = take(&c.thoughts, m) || any
			c.hasThoughts = true
		case "toolUsePromptTokenCount":
			any = take(&c.tools, m) || any
		case "totalTokenCount":
			any = take(&c.total, m) || any
		case "promptTokensDetails":
			modality(&c.audioIn, m, "AUDIO")
			modality(&c.imageIn, m, "IMAGE")
		case "candidatesTokensDetails":
			modality(&c.audioOut, m, "AUDIO")
			modality(&c.imageOut, m, "IMAGE")
		case "serviceTier", "trafficType":
			if tier := tierOf(m.Text()); tier != "" {
				c.tier = tier
			}
		}
	}
	if any {
		c.raw = append(c.raw[:0], v.Raw()...)
	}
	return any
}

func take(into *int64, v scan.Value) bool {
	n, _ := v.Int()
	if n > 0 {
		*into = min(n, maxCount)
	}
	return n > 0
}

func modality(into *int64, details scan.Value, name string) {
	for d := range details.Elements() {
		if d.Get("modality").Text().Equal(name) {
			take(into, d.Get("tokenCount"))
		}
	}
}

// tierOf is Chat's word for the tier that served: AI Studio names it, Vertex AI tells the
// type of traffic (4.4). Throughput that was bought beforehand is no tier of Chat's.
func tierOf(word scan.Text) string {
	switch string(word) {
	case "standard", "ON_DEMAND":
		return "default"
	case "priority", "ON_DEMAND_PRIORITY":
		return "priority"
	case "flex", "ON_DEMAND_FLEX":
		return "flex"
	}
	return ""
}

// usage does the arithmetic (4.4): prompt includes what was cached, thoughts stand
// outside of candidates, unless the total says that they stand inside (B6).
func (c *counts) usage(u *translate.Usage) {
	prompt := c.prompt + c.tools
	output := c.candidates + c.thoughts
	if c.total > 0 && prompt+c.candidates == c.total {
		output = max(c.candidates, c.thoughts)
	}
	u.CacheRead = min(c.cached, prompt)
	u.Input = prompt - u.CacheRead
	u.Output, u.Reasoning = output, min(c.thoughts, output)
	u.HasReasoning, u.HasCache = c.hasThoughts, c.hasCached
	u.AudioInput, u.ImageInput = min(c.audioIn, prompt), min(c.imageIn, prompt)
	u.AudioOutput, u.ImageOutput = min(c.audioOut, output), min(c.imageOut, output)
	u.ServiceTier = c.tier
	u.Reported, u.Raw = true, c.raw
}
