package translate

import "github.com/rickyjim626/xjp-gateway/translate/scan"

// Response is a whole answer in the neutral form.
type Response struct {
	// ID is the provider's id of the answer.
	ID string
	// Model is the provider's name of the model that answered.
	Model string
	// Choices are the candidates in order of Index; one unless more were asked for.
	Choices []Choice
	Usage   Usage
}

// Estimate counts an answer whose provider told no usage, given the estimated size of the
// prompt in tokens (wire-openai-anthropic.md 4.4).
func (r *Response) Estimate(prompt int64) {
	written := 0
	for i := range r.Choices {
		for k := range r.Choices[i].Blocks {
			switch b := &r.Choices[i].Blocks[k]; b.Kind {
			case TextBlock, RefusalBlock:
				written += len(b.Text)
			case ReasoningBlock:
				written += len(b.Reasoning.Text)
			case CallBlock:
				written += len(b.Call.ArgsText())
			}
		}
	}
	r.Usage = Usage{Input: prompt, Output: EstimateOutput(written), Estimated: true}
}

// Images is how many images the answer holds.
func (r *Response) Images() int {
	n := 0
	for i := range r.Choices {
		for k := range r.Choices[i].Blocks {
			if b := &r.Choices[i].Blocks[k]; b.Kind == MediaBlock && b.Media.Kind == Image {
				n++
			}
		}
	}
	return n
}

// EstimateOutput gives about as many tokens as bytes of text are.
func EstimateOutput(written int) int64 { return int64(written+3) / 4 }

// Choice is one candidate of an answer.
type Choice struct {
	Index  int
	Blocks []Block
	Stop   Stop
	// Logprobs is Chat's logprobs object, nil if there is none.
	Logprobs []byte
}

// StopReason says why the model stopped.
type StopReason uint8

// The reasons. StopUnknown is a reason that the dialect does not know; it is no
// failure (wire-openai-anthropic.md, rule G9).
const (
	StopUnknown StopReason = iota
	StopEnd
	StopLength
	StopContext
	StopTools
	StopSequence
	StopFilter
	StopPause
	StopCompaction
)

// Stop is why and how an answer ended.
type Stop struct {
	Reason StopReason
	// Sequence is the stop sequence that matched.
	Sequence scan.Text
	// Native is the provider's own word.
	Native string
	// Explanation is the provider's text about a refusal.
	Explanation scan.Text
	// Details is Messages' stop_details object as written.
	Details []byte
}

// Citation is a source that the model names for a stretch of its text.
type Citation struct {
	// URL and Title are set for web sources.
	URL, Title scan.Text
	// Cited is the quoted text.
	Cited scan.Text
	// Start and End count code points in the text of the block; End 0 is unknown.
	Start, End int
	// Dialect and Raw are the citation in its own dialect.
	Dialect string
	Raw     []byte
}

// Usage counts tokens once each, whatever the dialect counts together.
type Usage struct {
	// Input is prompt tokens that were neither read from nor written to a cache.
	Input int64
	// CacheRead is prompt tokens served from a cache.
	CacheRead int64
	// CacheWrite is prompt tokens written to a cache, CacheWrite1h the part of it that
	// lives an hour.
	CacheWrite, CacheWrite1h int64
	// Output is all tokens produced, Reasoning the part of it that was reasoning.
	Output, Reasoning int64
	// AudioInput and ImageInput are parts of the prompt, AudioOutput and ImageOutput of Output.
	AudioInput, ImageInput, AudioOutput, ImageOutput int64
	// Images and OutputImages count whole images of the prompt and of the answer, which the
	// gateway does where a price is by the image: providers do not tell.
	Images, OutputImages int64
	// WebSearches counts searches made by the provider, billed per request.
	WebSearches int64
	// HasReasoning and HasCache say whether the provider told these parts at all.
	HasReasoning, HasCache bool
	// Reported is true once the provider has told any count.
	Reported bool
	// Estimated is true if counts were estimated by the gateway.
	Estimated bool
	// Cost is the provider's own price as the decimal it wrote, in USD, maybe with an exponent; "" is unknown.
	// UpstreamCost is what a provider's provider charged beside it (OpenRouter's BYOK).
	Cost, UpstreamCost string
	// BYOK says that Cost is only the router's fee (provider-openrouter.md 4).
	BYOK bool
	// ServiceTier is the tier that served and sets the price, in Chat's words, or "fast" for
	// Claude's fast mode; "" is unknown.
	ServiceTier string
	// Raw is the provider's usage object as last seen.
	Raw []byte
}

// Less gives what u counts more than o, which is what was counted before.
func (u Usage) Less(o *Usage) Usage {
	u.Input -= o.Input
	u.CacheRead -= o.CacheRead
	u.CacheWrite -= o.CacheWrite
	u.CacheWrite1h -= o.CacheWrite1h
	u.Output -= o.Output
	u.Reasoning -= o.Reasoning
	u.AudioInput -= o.AudioInput
	u.AudioOutput -= o.AudioOutput
	u.ImageInput -= o.ImageInput
	u.ImageOutput -= o.ImageOutput
	u.WebSearches -= o.WebSearches
	return u
}

// Prompt returns all prompt tokens.
func (u *Usage) Prompt() int64 { return u.Input + u.CacheRead + u.CacheWrite }

// Total returns all tokens.
func (u *Usage) Total() int64 { return u.Prompt() + u.Output }
