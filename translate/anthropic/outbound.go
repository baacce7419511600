package anthropic

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// vertexVersion stands in the body of Claude's calls on Vertex AI.
const vertexVersion = "vertex-2023-10-16"

// defaultMaxTokens is sent where neither client nor route name a limit; the API demands
// one, and 0 would only warm the cache (trap 1).
const defaultMaxTokens = 32_768

// outbound is the making of one request.
type outbound struct {
	emit.Writer
	r      *translate.Request
	x      *translate.Exchange
	caps   *translate.Capabilities
	system []translate.Block
	turns  []translate.Turn

	maxTokens int64
	chosen    bool // maxTokens is the gateway's choice
	plan      reasoningPlan
	tools     []translate.Tool
	choice    translate.ToolChoice
	schema    []byte // output_config.format's schema
	skipMarks int    // cache marks to leave out, from the front
	ids       callIDs
}

// EncodeRequest writes a Messages request for the target.
func (Dialect) EncodeRequest(dst []byte, r *translate.Request, x *translate.Exchange) ([]byte, *translate.Error) {
	o := outbound{Writer: emit.Writer{B: dst}, r: r, x: x, caps: &x.Target.Caps}
	o.system, o.turns = translate.Arrange(o.carried(r.Turns), systemMode(o.caps), &x.Losses)
	for _, step := range []func() *translate.Error{o.checkFields, o.checkMessages, o.checkTurns, o.limitTokens, o.planTools, o.planFormat, o.planReasoning, o.checkExtra} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	o.countMarks()
	o.Object()
	o.head()
	o.writeTools()
	o.writeSystem()
	if err := o.writeMessages(); err != nil {
		return nil, err
	}
	o.settings()
	o.EndObject()
	return o.B, nil
}

func systemMode(caps *translate.Capabilities) translate.SystemMode {
	switch {
	case caps.HoistSystem:
		return translate.HoistSystem
	case caps.MidSystem:
		return translate.KeepAfterUser
	}
	return translate.WrapSystem
}

// checkFields refuses what changes the answer's meaning and has no counterpart.
func (o *outbound) checkFields() *translate.Error {
	if o.r.Candidates > 1 {
		return translate.Invalid("n", "n must be 1 for this model: its provider gives one answer only")
	}
	for _, m := range o.r.Modalities {
		if m != "text" {
			return translate.Invalid("modalities", "this model answers in text only, not in "+m)
		}
	}
	if o.r.Temperature.Float() < 0 {
		return translate.Invalid("temperature", "temperature must not be negative")
	}
	return nil
}

// maxMessages is how many messages the API takes.
const maxMessages = 100_000

// checkMessages looks at the conversation as the client wrote it, before what is empty
// has left it.
func (o *outbound) checkMessages() *translate.Error {
	if len(o.r.Turns) > maxMessages {
		return translate.Invalid("messages", "messages must not be more than 100000")
	}
	for i := range o.r.Turns {
		t := &o.r.Turns[i]
		if t.Role == translate.User && !slices.ContainsFunc(t.Blocks, func(b translate.Block) bool { return !b.IsEmpty() }) {
			field := t.At.String() + ".content"
			return translate.Invalid(field, field+" must not be empty")
		}
		if len(t.Name) > 0 {
			o.x.Losses.Drop(t.At.String() + ".name")
		}
	}
	return nil
}

// checkTurns sees to it that the conversation begins with the user and ends in a way
// that the model takes.
func (o *outbound) checkTurns() *translate.Error {
	if len(o.turns) == 0 {
		return translate.Invalid("messages", "messages must contain a user message") // trap 5
	}
	if o.turns[0].Role == translate.Assistant {
		o.x.Losses.Add(o.turns[0].At.String(), translate.Repaired)
		first := translate.Turn{Role: translate.User, Blocks: []translate.Block{{Text: scan.Text("(conversation continues)")}}}
		o.turns = append([]translate.Turn{first}, o.turns...)
	}
	last := &o.turns[len(o.turns)-1]
	if last.Role != translate.Assistant {
		return nil
	}
	if !o.caps.Prefill {
		return translate.Invalid("messages", "this model does not continue an assistant message; the last message must be the user's")
	}
	o.trimPrefill(last)
	return nil
}

// trimPrefill takes white space off the end of the last text, which is a 400 upstream
// otherwise (trap 45).
func (o *outbound) trimPrefill(last *translate.Turn) {
	n := len(last.Blocks) - 1
	if last.Blocks[n].Kind != translate.TextBlock {
		return
	}
	last.Blocks = append([]translate.Block(nil), last.Blocks...)
	text := last.Blocks[n].Text.String()
	if trimmed := strings.TrimRightFunc(text, unicode.IsSpace); trimmed != text {
		o.x.Losses.Add(last.Blocks[n].At.String(), translate.Repaired)
		last.Blocks[n].Text = scan.Quote(trimmed)
	}
}

// limitTokens chooses max_tokens.
func (o *outbound) limitTokens() *translate.Error {
	o.maxTokens = o.r.MaxTokens
	if !o.r.HasMaxTokens {
		o.chosen = true
		if o.maxTokens = o.caps.DefaultMaxTokens; o.maxTokens == 0 {
			o.maxTokens = defaultMaxTokens
		}
		if o.caps.MaxOutput > 0 {
			o.maxTokens = min(o.maxTokens, o.caps.MaxOutput)
		}
		return nil
	}
	if o.maxTokens <= 0 {
		return translate.Invalid(o.r.MaxTokensField(), o.r.MaxTokensField()+" must be at least 1")
	}
	if o.caps.MaxOutput > 0 && o.maxTokens > o.caps.MaxOutput {
		o.x.Losses.Add(o.r.MaxTokensField(), translate.Clamped)
		o.maxTokens = o.caps.MaxOutput
	}
	return nil
}

// checkExtra walks the fields that have no slot.
func (o *outbound) checkExtra() *translate.Error {
	for _, e := range o.r.Extra {
		switch {
		case slices.Contains(o.x.Target.Quirks.PassFields, e.Name):
		case e.Refuse:
			return translate.Invalid(e.Name, e.Name+" is not supported by this model's provider")
		default:
			o.x.Losses.Drop(e.Name)
		}
	}
	r := o.r
	for _, hint := range []struct {
		name string
		set  bool
	}{
		{"seed", r.Seed != nil}, {"presence_penalty", nonZero(r.PresencePenalty)}, {"frequency_penalty", nonZero(r.FrequencyPenalty)},
		{"min_p", r.MinP != nil}, {"logprobs", r.Logprobs}, {"prompt_cache_key", r.CacheKey != nil},
	} {
		if hint.set {
			o.x.Losses.Drop(hint.name)
		}
	}
	return nil
}

func nonZero(n translate.Number) bool { return n != nil && n.Float() != 0 }

// head writes what comes before the conversation.
func (o *outbound) head() {
	if o.x.Target.Quirks.Vertex {
		o.KeyString("anthropic_version", vertexVersion)
	} else {
		o.KeyString("model", o.x.Target.Model)
	}
	o.KeyInt("max_tokens", o.maxTokens)
	if o.r.Stream {
		o.KeyBool("stream", true)
	}
}

// settings writes what comes after the conversation.
func (o *outbound) settings() {
	o.writeReasoning()
	o.writeSampling()
	o.writeStop()
	if o.r.Cache != nil && o.caps.CacheControl {
		o.Key("cache_control")
		o.mark(o.r.Cache)
	}
	if len(o.r.User) > 0 {
		o.KeyObject("metadata")
		o.KeyText("user_id", o.endUser())
		o.EndObject()
	}
	o.writeTier()
	for _, e := range o.r.Extra {
		if slices.Contains(o.x.Target.Quirks.PassFields, e.Name) {
			o.KeyRaw(e.Name, e.Raw)
		}
	}
}

// writeSampling writes temperature and its kin, which thinking and newer models exclude
// (traps 28 to 30).
func (o *outbound) writeSampling() {
	fields := []struct {
		name  string
		value translate.Number
	}{{"temperature", o.r.Temperature}, {"top_p", o.r.TopP}, {"top_k", o.r.TopK}}
	both := o.r.Temperature != nil && o.caps.OneSampling
	for _, f := range fields {
		switch {
		case f.value == nil:
		case !o.caps.Sampling || o.plan.thinks() || f.name == "top_p" && both:
			o.x.Losses.Drop(f.name)
		case f.name == "temperature" && f.value.Float() > 1:
			o.x.Losses.Add(f.name, translate.Clamped)
			o.KeyInt(f.name, 1)
		default:
			o.KeyRaw(f.name, f.value)
		}
	}
}

// writeStop writes the stop sequences that are not blank (trap 31).
func (o *outbound) writeStop() {
	open := false
	for _, s := range o.r.Stop {
		if s.IsBlank() {
			o.x.Losses.Drop("stop")
			continue
		}
		if !open {
			o.KeyArray("stop_sequences")
			open = true
		}
		o.Text(s)
	}
	if open {
		o.EndArray()
	}
}

// writeTier writes the service tier; a faster one costs more and needs the route's leave.
func (o *outbound) writeTier() {
	switch o.r.ServiceTier {
	case "":
	case "auto":
		o.KeyString("service_tier", "auto")
	case "default", "standard_only":
		o.KeyString("service_tier", "standard_only")
	case "priority", "fast":
		if o.x.Target.Quirks.FastMode {
			o.KeyString("speed", "fast")
			return
		}
		o.x.Losses.Drop("service_tier")
	default:
		o.x.Losses.Drop("service_tier")
	}
}

// maxUser is the longest user id that is sent as it is.
const maxUser = 256

// endUser gives the end user's id; one that looks like an address or a phone number is
// sent as its hash only, since the field must carry no personal data (trap 47).
func (o *outbound) endUser() scan.Text {
	plain := o.r.User.String()
	personal := strings.Contains(plain, "@") && !strings.HasPrefix(plain, "{") ||
		len(plain) >= 7 && strings.Trim(plain, "+0123456789 ()-") == "" && strings.HasPrefix(plain, "+")
	if !personal && len(plain) <= maxUser {
		return o.r.User
	}
	o.x.Losses.Add(o.r.UserField(), translate.Converted)
	sum := sha256.Sum256([]byte(plain))
	return scan.Text(hex.EncodeToString(sum[:]))
}

// mark writes a cache_control object: the client's own, if the API takes it.
func (o *outbound) mark(c *translate.CacheMark) {
	if isMark(c) {
		o.Raw(c.Raw)
		return
	}
	if c.Raw != nil {
		o.x.Losses.Add("cache_control", translate.Converted)
	}
	o.Object()
	o.KeyString("type", "ephemeral")
	if c.TTL == "1h" {
		o.KeyString("ttl", "1h")
	}
	o.EndObject()
}

// isMark reports whether a mark is written as the API takes it: a wrong type or lifetime
// is a 400 there (pain 20).
func isMark(c *translate.CacheMark) bool {
	v, err := scan.Parse(c.Raw)
	return err == nil && v.Get("type").Text().Equal("ephemeral") && (v.Get("ttl").IsNull() || c.TTL == "5m" || c.TTL == "1h")
}

// maxMarks is how many cache marks a request may have; the last ones count.
const maxMarks = 4

// countMarks decides which marks are left out.
func (o *outbound) countMarks() {
	n := 0
	count := func(blocks []translate.Block) {
		for i := range blocks {
			if blocks[i].Cache != nil && blocks[i].Kind != translate.ReasoningBlock {
				n++
			}
		}
	}
	for i := range o.tools {
		if o.tools[i].Cache != nil {
			n++
		}
	}
	count(o.system)
	for _, t := range o.turns {
		count(t.Blocks)
	}
	allowed := maxMarks
	if o.r.Cache != nil {
		allowed--
	}
	if o.skipMarks = max(0, n-allowed); o.skipMarks > 0 {
		o.x.Losses.Drop("cache_control")
	}
	if n > 0 && !o.caps.CacheControl {
		o.x.Losses.Drop("cache_control")
	}
}

// keyMark writes a block's cache mark, unless it is one of those left out.
func (o *outbound) keyMark(c *translate.CacheMark) {
	if c == nil || !o.caps.CacheControl {
		return
	}
	if o.skipMarks > 0 {
		o.skipMarks--
		return
	}
	o.Key("cache_control")
	o.mark(c)
}
