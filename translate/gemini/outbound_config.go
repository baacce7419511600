package gemini

import (
	"math/big"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// writeConfig writes generationConfig (3.8).
func (o *outbound) writeConfig() *translate.Error {
	mark := len(o.B)
	o.KeyObject("generationConfig")
	empty := len(o.B)
	o.writeLimits()
	o.writeSampling()
	if err := o.writeFormat(); err != nil {
		return err
	}
	o.writeModalities()
	o.writeThinking()
	if len(o.B) == empty {
		o.B = o.B[:mark]
		return nil
	}
	o.EndObject()
	return nil
}

func (o *outbound) writeLimits() {
	if n := o.r.MaxTokens; o.r.HasMaxTokens && n > 0 {
		if o.caps.MaxOutput > 0 && n > o.caps.MaxOutput {
			o.x.Losses.Add("max_tokens", translate.Clamped)
			n = o.caps.MaxOutput
		}
		o.KeyInt("maxOutputTokens", n)
	}
	if o.r.Candidates > 1 {
		o.KeyInt("candidateCount", int64(o.r.Candidates))
	}
	o.writeStop()
}

// maxStop is how many stop sequences the API takes.
const maxStop = 5

func (o *outbound) writeStop() {
	var list []scan.Text
	for _, s := range o.r.Stop {
		if len(s) > 0 {
			list = append(list, s)
		}
	}
	if len(list) > maxStop {
		o.x.Losses.Add("stop", translate.Clamped)
		list = list[:maxStop]
	}
	if len(list) == 0 {
		return
	}
	o.KeyArray("stopSequences")
	for _, s := range list {
		o.Text(s)
	}
	o.EndArray()
}

func (o *outbound) writeSampling() {
	for _, f := range []struct {
		name, key string
		value     translate.Number
		taken     bool
	}{
		{"temperature", "temperature", o.r.Temperature, o.caps.Sampling}, {"top_p", "topP", o.r.TopP, o.caps.Sampling}, {"top_k", "topK", o.r.TopK, o.caps.TopK},
		{"presence_penalty", "presencePenalty", o.r.PresencePenalty, o.caps.Penalties}, {"frequency_penalty", "frequencyPenalty", o.r.FrequencyPenalty, o.caps.Penalties},
	} {
		switch {
		case f.value == nil:
		case f.taken:
			o.KeyRaw(f.key, f.value)
		default:
			o.x.Losses.Drop(f.name)
		}
	}
	if o.r.Seed != nil {
		o.writeSeed()
	}
	if o.r.Logprobs && o.caps.Logprobs {
		o.KeyBool("responseLogprobs", true)
		if o.r.TopLogprobs > 0 {
			o.KeyInt("logprobs", int64(o.r.TopLogprobs))
		}
	}
}

// writeSeed reduces a seed to the 31 bits that the API takes, always the same way (A37).
func (o *outbound) writeSeed() {
	n, ok := new(big.Int).SetString(string(o.r.Seed), 10)
	if !ok {
		o.x.Losses.Drop("seed")
		return
	}
	limit := big.NewInt(1 << 31)
	if n.Sign() < 0 || n.Cmp(limit) >= 0 {
		o.x.Losses.Add("seed", translate.Converted)
		n.Mod(n, limit)
	}
	o.KeyInt("seed", n.Int64())
}

func (o *outbound) writeFormat() *translate.Error {
	if !o.format {
		return nil
	}
	o.KeyString("responseMimeType", "application/json")
	if o.r.Format.Kind != translate.FormatSchema {
		return nil
	}
	key, out, lossy, err := o.schema("responseSchema", "responseJsonSchema", o.r.Format.Schema)
	if err != nil {
		return translate.Invalid("response_format", "the schema cannot be used: "+err.Error())
	}
	if lossy {
		o.x.Losses.Add("response_format", translate.Converted)
	}
	if out != nil {
		o.KeyRaw(key, out)
	}
	return nil
}

func (o *outbound) writeModalities() {
	if len(o.r.Modalities) == 0 {
		return
	}
	o.KeyArray("responseModalities")
	for _, m := range o.r.Modalities {
		o.String(strings.ToUpper(m))
	}
	o.EndArray()
}

// writeThinking asks for thinking: by level from Gemini 3 on, by budget before, never by
// both (A39).
func (o *outbound) writeThinking() {
	e := o.r.Reasoning
	if o.caps.Gemini < 2.5 {
		if e.Mode != translate.EffortUnset && e.Mode != translate.EffortOff {
			o.x.Losses.Drop("reasoning_effort")
		}
		return
	}
	if e.Mode == translate.EffortUnset && e.Level == "" && !e.Show {
		return // the model's own default
	}
	o.KeyObject("thinkingConfig")
	if o.caps.Gemini >= 3 {
		if level := o.thinkingLevel(e); level != "" {
			o.KeyString("thinkingLevel", level)
		}
	} else if budget, ok := o.thinkingBudget(e); ok {
		o.KeyInt("thinkingBudget", budget)
	}
	o.KeyBool("includeThoughts", !e.Hide)
	o.EndObject()
}

func (o *outbound) thinkingLevel(e translate.Effort) string {
	level := e.Level
	switch e.Mode {
	case translate.EffortOff, translate.EffortBetweenTools: // cannot be off
		o.x.Losses.Add("reasoning_effort", translate.Converted)
		return o.caps.LowestLevel
	case translate.EffortBudget:
		switch {
		case e.Budget < 4096:
			level = "low"
		case e.Budget < 16384:
			level = "medium"
		default:
			level = "high"
		}
	}
	switch level {
	case "minimal":
		return o.caps.LowestLevel
	case "xhigh", "max":
		return "high"
	}
	return level
}

// shares are the parts of the largest budget that an effort may think with, in percent.
var shares = map[string]int64{"minimal": 4, "low": 20, "medium": 50, "high": 80, "xhigh": 100, "max": 100}

func (o *outbound) thinkingBudget(e translate.Effort) (int64, bool) {
	switch {
	case e.Mode == translate.EffortOff || e.Mode == translate.EffortBetweenTools:
		if o.caps.MinBudget > 0 {
			o.x.Losses.Add("reasoning_effort", translate.Converted)
		}
		return o.caps.MinBudget, true
	case e.Mode == translate.EffortBudget:
		return min(max(e.Budget, o.caps.MinBudget), o.caps.MaxBudget), true
	case e.Level != "":
		return max(o.caps.MaxBudget*shares[e.Level]/100, o.caps.MinBudget), true
	}
	return 0, false
}
