package gemini

import (
	"math/big"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/schema"
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
			o.x.Losses.Add(o.r.MaxTokensField(), translate.Clamped)
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
		o.x.Losses.Add(o.field("stop"), translate.Clamped)
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
	key, convert := "responseSchema", schema.GeminiFormat
	if o.caps.JSONSchemaTools {
		key, convert = "responseJsonSchema", schema.GeminiFormatJSON
	}
	out, lossy, err := convert(o.r.Format.Schema)
	if err != nil {
		return translate.Invalid(o.field("response_format"), "the schema cannot be used: "+err.Error())
	}
	if lossy {
		o.x.Losses.Add(o.field("response_format"), translate.Converted)
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

// tier is the service tier in AI Studio's words, "" for the usual one. Those that cost
// more are asked for only where the route permits it; Vertex AI has no field for it.
func (o *outbound) tier() string {
	quirks := &o.x.Target.Quirks
	switch o.r.ServiceTier {
	case "", "auto", "default", "standard", "standard_only":
		return ""
	case "flex":
		if !quirks.Vertex {
			return "flex"
		}
	case "priority", "fast":
		if !quirks.Vertex && quirks.FastMode {
			return "priority"
		}
	}
	o.x.Losses.Drop("service_tier")
	return ""
}
