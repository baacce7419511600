package openai

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/schema"
)

// outbound is the making of one request for a provider.
type outbound struct {
	emit.Writer
	r      *translate.Request
	x      *translate.Exchange
	caps   *translate.Capabilities
	quirks *translate.Quirks
	system []translate.Block
	turns  []translate.Turn
	tools  []translate.Tool
	choice translate.ToolChoice
	limit  int64           // of the answer as sent; 0 is none
	told   map[string]bool // sealed reasoning that is in the request already
}

// EncodeRequest writes a Chat request for the target (wire-openai-anthropic.md 3).
func (Dialect) EncodeRequest(dst []byte, r *translate.Request, x *translate.Exchange) ([]byte, *translate.Error) {
	o := outbound{Writer: emit.Writer{B: dst}, r: r, x: x, caps: &x.Target.Caps, quirks: &x.Target.Quirks}
	mode := translate.WrapSystem
	if o.caps.HoistSystem {
		mode = translate.HoistSystem
	} else if o.caps.MidSystem {
		mode = translate.KeepSystem
	}
	o.system, o.turns = translate.Arrange(r.Turns, mode, &x.Losses)
	for _, step := range []func() *translate.Error{o.checkTurns, o.planTools, o.checkExtra} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	o.Object()
	o.KeyString("model", x.Target.Model)
	if err := o.writeMessages(); err != nil {
		return nil, err
	}
	o.writeTools()
	o.writeSettings()
	if err := o.writeFormat(); err != nil {
		return nil, err
	}
	o.writeReasoning()
	o.EndObject()
	return o.B, nil
}

// checkTurns sees to it that there is something to answer.
func (o *outbound) checkTurns() *translate.Error {
	if len(o.turns) == 0 && len(o.system) == 0 {
		return translate.Invalid("messages", "messages must hold something to answer")
	}
	if n := len(o.turns); n > 0 && o.turns[n-1].Role == translate.Assistant && !o.caps.Prefill {
		return translate.Invalid("messages", "this model does not continue an assistant message; the last message must be the user's")
	}
	return nil
}

// checkExtra walks the fields that have no slot.
func (o *outbound) checkExtra() *translate.Error {
	for _, e := range o.r.Extra {
		switch {
		case slices.Contains(o.quirks.PassFields, e.Name):
		case e.Refuse:
			return translate.Invalid(e.Name, e.Name+" is not supported by this model's provider")
		default:
			o.x.Losses.Drop(e.Name)
		}
	}
	return nil
}

// writeSettings writes limits, sampling and what else is neither conversation nor tools.
func (o *outbound) writeSettings() {
	o.writeLimit()
	if o.r.Stream {
		o.KeyBool("stream", true)
		o.KeyObject("stream_options") // always, since the bill needs it (rule G7)
		o.KeyBool("include_usage", true)
		o.EndObject()
	}
	o.writeSampling()
	o.writeStop()
	o.writeUser()
	if o.r.CacheKey != nil {
		o.KeyText("prompt_cache_key", o.r.CacheKey)
	}
	if o.r.Cache != nil {
		o.topMark()
	}
	if o.r.Candidates > 1 {
		o.KeyInt("n", int64(o.r.Candidates))
	}
	if o.r.Logprobs && o.caps.Logprobs {
		o.KeyBool("logprobs", true)
		o.KeyInt("top_logprobs", int64(o.r.TopLogprobs))
	}
	o.writeTier()
	for _, e := range o.r.Extra {
		if slices.Contains(o.quirks.PassFields, e.Name) {
			o.KeyRaw(e.Name, e.Raw)
		}
	}
}

// topMark asks for automatic caching where that can be asked for.
func (o *outbound) topMark() {
	if o.caps.CacheControl {
		o.Key("cache_control")
		o.mark(o.r.Cache)
		return
	}
	o.x.Losses.Drop("cache_control")
}

func (o *outbound) mark(c *translate.CacheMark) {
	if c.Raw != nil {
		o.Raw(c.Raw)
		return
	}
	o.Object()
	o.KeyString("type", "ephemeral")
	if c.TTL == "1h" {
		o.KeyString("ttl", "1h")
	}
	o.EndObject()
}

func (o *outbound) writeLimit() {
	n := o.r.MaxTokens
	if !o.r.HasMaxTokens {
		if n = o.caps.DefaultMaxTokens; n == 0 {
			return
		}
	}
	if o.caps.MaxOutput > 0 && n > o.caps.MaxOutput {
		o.x.Losses.Add("max_tokens", translate.Clamped)
		n = o.caps.MaxOutput
	}
	o.limit = n
	o.KeyInt(o.caps.MaxTokensParam, n)
}

func (o *outbound) writeSampling() {
	for _, f := range []struct {
		name  string
		value translate.Number
		taken bool
	}{
		{"temperature", o.r.Temperature, o.caps.Sampling}, {"top_p", o.r.TopP, o.caps.Sampling}, {"top_k", o.r.TopK, o.caps.Sampling && o.caps.TopK},
		{"min_p", o.r.MinP, o.quirks.OpenRouter}, {"seed", o.r.Seed, o.caps.Seed},
		{"presence_penalty", o.r.PresencePenalty, o.caps.Penalties}, {"frequency_penalty", o.r.FrequencyPenalty, o.caps.Penalties},
	} {
		switch {
		case f.value == nil:
		case f.taken:
			o.KeyRaw(f.name, f.value)
		default:
			o.x.Losses.Drop(f.name)
		}
	}
}

// writeStop writes the stop sequences, always as a list (trap 68).
func (o *outbound) writeStop() {
	list := o.r.Stop
	if most := o.caps.StopMax; most > 0 && len(list) > most {
		o.x.Losses.Add("stop_sequences", translate.Clamped)
		list = list[:most]
	}
	if len(list) == 0 {
		return
	}
	o.KeyArray("stop")
	for _, s := range list {
		o.Text(s)
	}
	o.EndArray()
}

// writeUser writes the end user's id; one that is too long is hashed (trap 87).
func (o *outbound) writeUser() {
	user := o.r.User
	if user == nil {
		return
	}
	if most := o.caps.UserMax; most > 0 && utf8.RuneCountInString(user.String()) > most {
		o.x.Losses.Add("metadata.user_id", translate.Converted)
		sum := sha256.Sum256([]byte(user.String()))
		user = scan.Text(hex.EncodeToString(sum[:]))
	}
	field := o.quirks.UserField
	if field == "" {
		field = "user"
	}
	o.KeyText(field, user)
}

func (o *outbound) writeTier() {
	tier, field := o.r.ServiceTier, "service_tier"
	switch tier {
	case "":
		return
	case "auto", "default", "flex":
	case "standard_only":
		tier = "default"
	case "fast": // Messages' speed
		tier, field = "priority", "speed"
	default:
		tier = "priority"
	}
	if tier == "priority" && !o.quirks.FastMode { // it costs more
		o.x.Losses.Drop(field)
		return
	}
	o.KeyString("service_tier", tier)
}

// writeFormat writes the form that the answer must have.
func (o *outbound) writeFormat() *translate.Error {
	f := o.r.Format
	switch f.Kind {
	case translate.FormatJSON:
		o.KeyObject("response_format")
		o.KeyString("type", "json_object")
		o.EndObject()
	case translate.FormatSchema:
		name := scan.Text("output")
		if len(f.Name) > 0 {
			name = f.Name
		}
		o.KeyObject("response_format")
		o.KeyString("type", "json_schema")
		o.KeyObject("json_schema")
		o.KeyText("name", name)
		if len(f.Description) > 0 {
			o.KeyText("description", f.Description)
		}
		o.KeyRaw("schema", f.Schema)
		// A schema with optional properties stays as it is and is not strict (trap 85).
		strict := f.Strict != translate.No && schema.Strict(f.Schema)
		if !strict {
			o.x.Losses.Add("output_config.format", translate.Converted)
		}
		o.KeyBool("strict", strict)
		o.EndObject()
		o.EndObject()
	}
	return nil
}
