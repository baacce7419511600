package gemini

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// counts are the counters of usageMetadata. They are cumulative, and a zero in a later
// event says nothing (4.5).
type counts struct {
	prompt, cached, candidates, thoughts, tools, total int64
	audioIn, audioOut, imageOut                        int64
	hasThoughts, hasCached                             bool
	raw                                                []byte
}

// merge takes over what a usageMetadata object tells and reports whether there was any.
func (c *counts) merge(v scan.Value) bool {
	any := false
	take := func(into *int64, key string) bool {
		n, ok := v.Get(key).Int()
		if n > 0 {
			*into, any = n, true
		}
		return ok
	}
	take(&c.prompt, "promptTokenCount")
	c.hasCached = take(&c.cached, "cachedContentTokenCount") || c.hasCached
	take(&c.candidates, "candidatesTokenCount")
	c.hasThoughts = take(&c.thoughts, "thoughtsTokenCount") || c.hasThoughts
	take(&c.tools, "toolUsePromptTokenCount")
	take(&c.total, "totalTokenCount")
	modality(&c.audioIn, v.Get("promptTokensDetails"), "AUDIO")
	modality(&c.audioOut, v.Get("candidatesTokensDetails"), "AUDIO")
	modality(&c.imageOut, v.Get("candidatesTokensDetails"), "IMAGE")
	if any {
		c.raw = append(c.raw[:0:0], v.Raw()...)
	}
	return any
}

func modality(into *int64, details scan.Value, name string) {
	for d := range details.Elements() {
		if d.Get("modality").Text().Equal(name) {
			*into, _ = d.Get("tokenCount").Int()
		}
	}
}

// usage does the arithmetic (4.4): prompt includes what was cached, thoughts stand
// outside of candidates, unless the total says that they stand inside.
func (c *counts) usage(u *translate.Usage) {
	prompt := c.prompt + c.tools
	thoughts := c.thoughts
	output := c.candidates + thoughts
	if thoughts > 0 && c.total > 0 && c.prompt+c.tools+c.candidates == c.total {
		output = c.candidates
	}
	u.CacheRead = min(c.cached, prompt)
	u.Input = prompt - u.CacheRead
	u.Output, u.Reasoning = output, min(thoughts, output)
	u.HasReasoning, u.HasCache = c.hasThoughts, c.hasCached
	u.AudioInput, u.AudioOutput, u.ImageOutput = c.audioIn, c.audioOut, c.imageOut
	u.Reported, u.Raw = true, c.raw
}
