package prices

import (
	"math"
	"math/bits"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Cost is what a usage costs, and why.
type Cost struct {
	// Total is the sum of the lines' amounts.
	Total Amount `json:"total"`
	Lines []Line `json:"lines"`
}

// Line is the cost of one part of a usage.
type Line struct {
	What   Part   `json:"what"`
	Units  int64  `json:"units"`
	Rate   Rate   `json:"rate"`
	Amount Amount `json:"amount"`
}

// Part names a part of a usage. The parts do not overlap: PartOutput is without reasoning,
// PartInput without media.
type Part string

// The parts in the order of the lines. All count tokens, but for images, requests and
// searches.
const (
	PartInput        Part = "input"
	PartAudioInput   Part = "audio_input"
	PartImageInput   Part = "image_input"
	PartCacheRead    Part = "cache_read"
	PartCacheWrite   Part = "cache_write"
	PartCacheWrite1h Part = "cache_write_1h"
	PartOutput       Part = "output"
	PartReasoning    Part = "reasoning"
	PartAudioOutput  Part = "audio_output"
	PartImageOutput  Part = "image_output"
	PartImage        Part = "image"
	PartOutputImage  Part = "output_image"
	PartRequest      Part = "request"
	PartWebSearch    Part = "web_search"
)

// partCount is how many parts there are.
const partCount = 14

// sheet sums up what parts cost, and lists them if it has lines.
type sheet struct {
	lines []Line
	total Amount
}

// add adds a part, unless there is nothing to charge for.
func (s *sheet) add(what Part, units int64, rate Rate) {
	if units <= 0 {
		return
	}
	amount := times(units, rate)
	s.total = s.total.plus(amount)
	if s.lines != nil {
		s.lines = append(s.lines, Line{What: what, Units: units, Rate: rate, Amount: amount})
	}
}

// Cost prices a usage at a moment. No part is ever negative, whatever the usage says: parts
// that exceed their whole are cut down to it (pain 35).
func (p *Price) Cost(u *translate.Usage, at time.Time) Cost {
	s := sheet{lines: make([]Line, 0, partCount)}
	p.fill(&s, u, at)
	return Cost{Total: s.total, Lines: s.lines}
}

// CostTotal is the total of Cost without the lines, for which nothing is allocated.
func (p *Price) CostTotal(u *translate.Usage, at time.Time) Amount {
	var s sheet
	p.fill(&s, u, at)
	return s.total
}

// CountsImages reports whether images of the prompt cost something by themselves, so that
// they are to be counted.
func (p *Price) CountsImages() bool {
	return p.charges(func(r *Rates) Rate { return r.Image })
}

// charges reports whether a rate is above nothing, be it under some condition.
func (p *Price) charges(rate func(*Rates) Rate) bool {
	for i := range p.Overrides {
		if rate(&p.Overrides[i].Rates) > 0 {
			return true
		}
	}
	return rate(&p.Rates) > 0
}

// Expected is what is expected to be used by a request of which only the sizes are known:
// the tokens and images of its prompt, without a cache, and the tokens of its answer. That
// holds an image where images of answers cost something by themselves.
func (p *Price) Expected(inputTokens, outputTokens, images int64) translate.Usage {
	u := translate.Usage{Input: inputTokens, Output: outputTokens, Images: images, Estimated: true}
	if p.charges(func(r *Rates) Rate { return r.OutputImage }) {
		u.OutputImages = 1
	}
	return u
}

// Expect is the price of what is expected.
func (p *Price) Expect(inputTokens, outputTokens, images int64, at time.Time) Amount {
	u := p.Expected(inputTokens, outputTokens, images)
	return p.CostTotal(&u, at)
}

func (p *Price) fill(s *sheet, u *translate.Usage, at time.Time) {
	input, read, written := max(0, u.Input), max(0, u.CacheRead), max(0, u.CacheWrite)
	rates := p.Rates
	if len(p.Overrides) > 0 {
		rates = p.under(conditionsOf(u, at))
	}

	audio, text := split(input, u.AudioInput)
	image, text := split(text, u.ImageInput)
	s.add(PartInput, text, rates.Input)
	s.add(PartAudioInput, audio, rates.AudioInput.or(rates.Input))
	s.add(PartImageInput, image, rates.ImageInput.or(rates.Input))

	hour, brief := split(written, u.CacheWrite1h)
	write := rates.CacheWrite.or(rates.Input)
	s.add(PartCacheRead, read, rates.CacheRead.or(rates.Input))
	s.add(PartCacheWrite, brief, write)
	s.add(PartCacheWrite1h, hour, rates.CacheWrite1h.or(write))

	reasoning, said := split(max(0, u.Output), u.Reasoning)
	audio, said = split(said, u.AudioOutput)
	image, said = split(said, u.ImageOutput)
	s.add(PartOutput, said, rates.Output)
	s.add(PartReasoning, reasoning, rates.Reasoning.or(rates.Output))
	s.add(PartAudioOutput, audio, rates.AudioOutput.or(rates.Output))
	s.add(PartImageOutput, image, rates.ImageOutput.or(rates.Output))

	if rates.Image.IsSet() {
		s.add(PartImage, u.Images, rates.Image)
	}
	if rates.OutputImage.IsSet() {
		s.add(PartOutputImage, u.OutputImages, rates.OutputImage)
	}
	if rates.Request.IsSet() {
		s.add(PartRequest, 1, rates.Request)
	}
	if rates.WebSearch.IsSet() {
		s.add(PartWebSearch, u.WebSearches, rates.WebSearch)
	}
}

// split takes a part out of a whole and returns both; a part never exceeds its whole.
func split(whole, part int64) (taken, rest int64) {
	taken = max(0, min(part, whole))
	return taken, whole - taken
}

// sum adds counts that are not negative and stays at the largest rather than wrap around.
func sum(counts ...int64) int64 {
	var total int64
	for _, n := range counts {
		if n > math.MaxInt64-total {
			return math.MaxInt64
		}
		total += n
	}
	return total
}

// picoPerNano is how many pico-USD make a nano-USD.
const picoPerNano = 1000

// times multiplies units by a rate, rounded half to even once. The product has 128 bits;
// what exceeds an Amount becomes the largest one.
func times(units int64, rate Rate) Amount {
	if units <= 0 || rate <= 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(units), uint64(rate))
	if high >= picoPerNano {
		return math.MaxInt64
	}
	nano, pico := low/picoPerNano, low%picoPerNano
	if high > 0 {
		nano, pico = bits.Div64(high, low, picoPerNano)
	}
	if nano >= math.MaxInt64 {
		return math.MaxInt64
	}
	if pico > picoPerNano/2 || pico == picoPerNano/2 && nano%2 == 1 {
		nano++
	}
	return Amount(nano)
}
