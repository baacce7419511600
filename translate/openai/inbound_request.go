package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// request reads one request of a client.
type request struct {
	translate.Fields
	r      *translate.Request
	losses *translate.Losses
	// wishes about reasoning, of which the first found wins (2.8)
	thinking, reasoning, effort scan.Value
	// legacy and modern say whether functions or tools are used
	legacy, modern bool
}

// DecodeRequest reads a Chat request.
func (Dialect) DecodeRequest(doc *scan.Doc, losses *translate.Losses) (*translate.Request, *translate.Error) {
	q := request{r: &translate.Request{Dialect: "openai"}, losses: losses}
	for key, v := range doc.Root().Members() {
		if !v.IsNull() {
			q.field(string(key), v)
		}
		if q.Err != nil {
			return nil, q.Err
		}
	}
	q.decideReasoning()
	q.r.LegacyFunctions = q.legacy && !q.modern
	if q.Err == nil && len(q.r.Turns) == 0 {
		q.Fail(translate.Top(), "messages", "must not be empty")
	}
	return q.r, q.Err
}

// field reads one field of the request (2.1).
func (q *request) field(key string, v scan.Value) {
	r, top := q.r, translate.Top()
	switch key {
	case "model":
		r.Model = q.NeedText(v, top, key).String()
	case "messages":
		q.messages(v)
	case "max_completion_tokens", "max_tokens":
		q.limit(key, v)
	case "stream":
		r.Stream = q.Bool(v, top, key)
	case "stream_options":
		if q.Kind(v, scan.Object, top, key) {
			r.IncludeUsage = q.Bool(v.Get("include_usage"), top, "stream_options.include_usage")
			if q.Bool(v.Get("include_obfuscation"), top, "stream_options.include_obfuscation") {
				q.losses.Drop("stream_options.include_obfuscation")
			}
		}
	case "temperature":
		r.Temperature = q.Number(v, top, key)
	case "top_p":
		r.TopP = q.Number(v, top, key)
	case "top_k":
		r.TopK = q.Number(v, top, key)
	case "min_p":
		r.MinP = q.Number(v, top, key)
	case "seed":
		r.Seed = q.Number(v, top, key)
	case "presence_penalty":
		r.PresencePenalty = q.Number(v, top, key)
	case "frequency_penalty":
		r.FrequencyPenalty = q.Number(v, top, key)
	case "n":
		q.candidates(v)
	case "stop":
		q.stop(v)
	case "store":
		if q.Bool(v, top, key) {
			q.losses.Drop(key)
		}
	case "logprobs":
		r.Logprobs = q.Bool(v, top, key)
	case "top_logprobs":
		n, _ := q.Int(v, top, key)
		r.TopLogprobs = int(n)
	case "tools":
		q.tools(v)
	case "functions":
		q.functions(v)
	case "tool_choice":
		q.toolChoice(v)
	case "function_call":
		q.functionCall(v)
	case "parallel_tool_calls":
		r.ParallelTools = q.Tristate(v, top, key)
	case "response_format":
		q.format(v)
	case "reasoning_effort":
		q.effort = v
	case "reasoning":
		if q.Kind(v, scan.Object, top, key) {
			q.reasoning = v
		}
	case "thinking":
		if q.Kind(v, scan.Object, top, key) {
			q.thinking = v
		}
	case "safety_identifier":
		r.User, r.Spelling.User = q.Text(v, top, key), key
	case "user":
		if user := q.Text(v, top, key); r.User == nil {
			r.User, r.Spelling.User = user, key
		}
	case "prompt_cache_key":
		r.CacheKey = q.Text(v, top, key)
	case "cache_control":
		r.Cache = q.cacheMark(v, top, key)
	case "prompt_cache_options":
		if q.Kind(v, scan.Object, top, key) && v.Get("mode").Text().Equal("implicit") {
			r.Cache = &translate.CacheMark{TTL: cacheTTL(v.Get("ttl"))}
		}
	case "service_tier":
		r.ServiceTier = q.Text(v, top, key).String()
	case "web_search_options":
		q.webSearch(v)
	case "modalities":
		if q.Kind(v, scan.Array, top, key) {
			for e := range v.Elements() {
				r.Modalities = append(r.Modalities, q.NeedText(e, top, key).String())
			}
		}
	default:
		q.extra(key, v)
	}
}

// quiet are fields without a slot whose loss changes nothing for the client.
var quiet = map[string]bool{"usage": true, "include_reasoning": true}

// extra keeps a field without a slot. Those that change what the answer means must be
// refused where they cannot be carried (rule G6).
func (q *request) extra(key string, v scan.Value) {
	if quiet[key] {
		return
	}
	refuse := key == "audio"
	if key == "moderation" {
		refuse = v.Get("policy").Text().Equal("block") || v.Get("mode").Text().Equal("block")
	}
	q.r.Extra = append(q.r.Extra, translate.Extra{Name: key, Raw: v.Raw(), Refuse: refuse})
}

// limit reads the limit of the answer; max_completion_tokens wins over max_tokens (trap 2).
func (q *request) limit(key string, v scan.Value) {
	n, ok := q.Int(v, translate.Top(), key)
	if ok && n < 1 {
		q.Fail(translate.Top(), key, "must be at least 1")
	}
	if key == "max_completion_tokens" || !q.r.HasMaxTokens {
		q.r.MaxTokens, q.r.HasMaxTokens = n, ok
		q.r.Spelling.MaxTokens = key
	}
}

func (q *request) candidates(v scan.Value) {
	n, ok := q.Int(v, translate.Top(), "n")
	if ok && (n < 1 || n > 128) {
		q.Fail(translate.Top(), "n", "must be from 1 to 128")
	}
	q.r.Candidates = int(n)
}

// stop reads one sequence or a list of them.
func (q *request) stop(v scan.Value) {
	switch v.Kind() {
	case scan.String:
		q.r.Stop = append(q.r.Stop, v.Text())
	case scan.Array:
		for e := range v.Elements() {
			q.r.Stop = append(q.r.Stop, q.NeedText(e, translate.Top(), "stop"))
		}
	default:
		q.Fail(translate.Top(), "stop", "must be a string or a list of strings")
	}
}

func (q *request) format(v scan.Value) {
	top := translate.Top()
	if !q.NeedKind(v, scan.Object, top, "response_format") {
		return
	}
	switch kind := q.NeedText(v.Get("type"), top, "response_format.type").String(); kind {
	case "text":
	case "json_object":
		q.r.Format.Kind = translate.FormatJSON
	case "json_schema":
		s := v.Get("json_schema")
		if !q.NeedKind(s, scan.Object, top, "response_format.json_schema") || !q.NeedKind(s.Get("schema"), scan.Object, top, "response_format.json_schema.schema") {
			return
		}
		q.r.Format = translate.Format{
			Kind: translate.FormatSchema, Schema: s.Get("schema").Raw(),
			Name:        q.Text(s.Get("name"), top, "response_format.json_schema.name"),
			Description: q.Text(s.Get("description"), top, "response_format.json_schema.description"),
			Strict:      q.Tristate(s.Get("strict"), top, "response_format.json_schema.strict"),
		}
	default:
		q.Fail(top, "response_format.type", "must be text, json_object or json_schema")
	}
}

func (q *request) webSearch(v scan.Value) {
	if !q.NeedKind(v, scan.Object, translate.Top(), "web_search_options") {
		return
	}
	q.r.WebSearch = &translate.WebSearch{
		Raw: v.Raw(), Dialect: "openai",
		Location: v.At("user_location", "approximate").Raw(),
		Size:     v.Get("search_context_size").Str(),
	}
}

// decideReasoning takes the first wish about reasoning: the extension thinking, then
// OpenRouter's reasoning, then reasoning_effort (2.8).
func (q *request) decideReasoning() {
	e, name := &q.r.Reasoning, &q.r.Spelling.Effort
	switch {
	case q.thinking.Exists():
		*name = "thinking"
		q.readThinking(e)
	case q.reasoning.Exists():
		*name = "reasoning"
		q.readReasoning(e)
	case !q.effort.IsNull():
		*name = "reasoning_effort"
		q.level(e, q.Text(q.effort, translate.Top(), "reasoning_effort").String(), "reasoning_effort")
	}
}

// readThinking reads the object as Messages has it.
func (q *request) readThinking(e *translate.Effort) {
	switch kind := q.thinking.Get("type").Str(); kind {
	case "enabled":
		e.Mode, e.Show = translate.EffortBudget, true
		if n, ok := q.Int(q.thinking.Get("budget_tokens"), translate.Top(), "thinking.budget_tokens"); ok {
			e.Budget = n
		} else {
			e.Mode, e.Level = translate.EffortLevel, "medium"
		}
	case "adaptive":
		e.Mode, e.Show = translate.EffortAdaptive, true
	case "disabled":
		e.Mode = translate.EffortOff
	case "between_tools":
		e.Mode = translate.EffortBetweenTools
	default:
		q.Fail(translate.Top(), "thinking.type", "must be enabled, disabled, adaptive or between_tools")
	}
	if !q.effort.IsNull() && e.Mode == translate.EffortAdaptive {
		e.Level = q.effort.Str()
	}
}

// readReasoning reads OpenRouter's object (provider-openrouter.md 2).
func (q *request) readReasoning(e *translate.Effort) {
	v, top := q.reasoning, translate.Top()
	e.Hide = q.Bool(v.Get("exclude"), top, "reasoning.exclude")
	if n, ok := q.Int(v.Get("max_tokens"), top, "reasoning.max_tokens"); ok {
		e.Mode, e.Budget = translate.EffortBudget, n
		return
	}
	if level := q.Text(v.Get("effort"), top, "reasoning.effort"); level != nil {
		q.level(e, level.String(), "reasoning.effort")
		return
	}
	switch q.Tristate(v.Get("enabled"), top, "reasoning.enabled") {
	case translate.Yes:
		e.Mode = translate.EffortAdaptive
	case translate.No:
		e.Mode = translate.EffortOff
	}
}

// level reads the name of an effort.
func (q *request) level(e *translate.Effort, level, field string) {
	switch level {
	case "none":
		e.Mode = translate.EffortOff
	case "minimal", "low", "medium", "high", "xhigh", "max":
		e.Mode, e.Level = translate.EffortLevel, level
	case "":
	default:
		q.Fail(translate.Top(), field, "must be one of none, minimal, low, medium, high, xhigh and max")
	}
}

// cacheMark reads a cache_control object.
func (q *request) cacheMark(v scan.Value, at translate.At, suffix string) *translate.CacheMark {
	if !q.Kind(v, scan.Object, at, suffix) {
		return nil
	}
	return &translate.CacheMark{TTL: v.Get("ttl").Str(), Raw: v.Raw()}
}

// cacheTTL maps OpenAI's lifetimes to those of Messages: more than five minutes is an hour.
func cacheTTL(v scan.Value) string {
	switch v.Str() {
	case "30m", "1h", "12h", "24h":
		return "1h"
	}
	return ""
}
