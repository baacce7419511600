package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// request reads one request of a client.
type request struct {
	translate.Fields
	r      *translate.Request
	losses *translate.Losses
}

// DecodeRequest reads a Messages request (3.1).
func (Dialect) DecodeRequest(doc *scan.Doc, losses *translate.Losses) (*translate.Request, *translate.Error) {
	q, err := decode(doc, losses)
	if err == nil {
		err = Complete(doc)
	}
	if err != nil {
		return nil, err
	}
	return q.r, nil
}

// DecodeCount reads a request of count_tokens, which has no max_tokens (7).
func DecodeCount(doc *scan.Doc, losses *translate.Losses) (*translate.Request, *translate.Error) {
	q, err := decode(doc, losses)
	if err != nil {
		return nil, err
	}
	return q.r, nil
}

func decode(doc *scan.Doc, losses *translate.Losses) (*request, *translate.Error) {
	q := &request{r: &translate.Request{Dialect: "anthropic", IncludeUsage: true}, losses: losses}
	root := doc.Root()
	if v := root.Get("system"); !v.IsNull() { // stands before messages, wherever it is written
		q.system(v)
	}
	for key, v := range root.Members() {
		if !v.IsNull() {
			q.field(string(key), v)
		}
		if q.Err != nil {
			return nil, q.Err
		}
	}
	if !root.Get("messages").Exists() {
		q.Fail(translate.Top(), "messages", "must not be missing")
	}
	return q, q.Err
}

func (q *request) field(key string, v scan.Value) {
	r, top := q.r, translate.Top()
	switch key {
	case "system":
	case "model":
		r.Model = q.NeedText(v, top, key).String()
	case "messages":
		q.messages(v)
	case "max_tokens":
		if r.MaxTokens, r.HasMaxTokens = q.Int(v, top, key); r.MaxTokens < 0 {
			q.Fail(top, key, "must not be negative")
		}
	case "stream":
		r.Stream = q.Bool(v, top, key)
	case "stop_sequences":
		for e := range v.Elements() {
			r.Stop = append(r.Stop, q.NeedText(e, top, key))
		}
		q.NeedKind(v, scan.Array, top, key)
	case "temperature":
		r.Temperature = q.Number(v, top, key)
	case "top_p":
		r.TopP = q.Number(v, top, key)
	case "top_k":
		r.TopK = q.Number(v, top, key)
	case "metadata":
		if q.Kind(v, scan.Object, top, key) {
			r.User = q.Text(v.Get("user_id"), top, "metadata.user_id")
		}
	case "tools":
		q.tools(v)
	case "tool_choice":
		q.toolChoice(v)
	case "thinking":
		q.thinking(v)
	case "output_config":
		q.outputConfig(v)
	case "output_format":
		q.format(v, "output_format")
	case "cache_control":
		r.Cache = mark(v)
	case "service_tier":
		if tier := q.Text(v, top, key).String(); r.ServiceTier == "" { // speed says more
			r.ServiceTier = tier
		}
	case "speed":
		q.speed(v)
	case "thread":
		if q.Err == nil {
			q.Err = refuseThread(v)
		}
	default:
		if !refused[key] || !isEmpty(v) {
			r.Extra = append(r.Extra, translate.Extra{Name: key, Raw: v.Raw(), Refuse: refused[key]})
		}
	}
}

// speed reads the wish for a faster tier, which stands above service_tier wherever it is
// written.
func (q *request) speed(v scan.Value) {
	switch speed := q.Text(v, translate.Top(), "speed").String(); speed {
	case "fast":
		q.r.ServiceTier = speed
	case "standard":
	default:
		q.losses.Drop("speed")
	}
}

// isEmpty reports whether a list or an object asks for nothing.
func isEmpty(v scan.Value) bool {
	return (v.Kind() == scan.Array || v.Kind() == scan.Object) && v.Len() == 0
}

// refused are the fields that something must be done for which nobody else would do.
var refused = map[string]bool{"compaction": true, "mcp_servers": true, "container": true, "inference_geo": true, "skills": true}

// attribution begins the first system entry of Claude Code, by which it tells about
// itself; it is no instruction and stays with Messages providers (CC9).
const attribution = "x-anthropic-billing-header:"

// system reads the system prompt: a string, or text blocks that keep their cache marks.
func (q *request) system(v scan.Value) {
	at := translate.At{Field: "system", Turn: -1, Part: -1}
	t := translate.Turn{Role: translate.System, At: at}
	switch v.Kind() {
	case scan.String:
		t.Blocks = []translate.Block{{Kind: translate.TextBlock, Text: v.Text(), At: at}}
	case scan.Array:
		i := 0
		for e := range v.Elements() {
			here := translate.Element("system", i)
			first := i == 0
			i++
			if !q.NeedKind(e, scan.Object, here, "") {
				return
			}
			if kind := e.Get("type").Text(); kind != nil && !kind.Equal("text") {
				q.Fail(here, ".type", "must be text")
				return
			}
			text := q.NeedText(e.Get("text"), here, ".text")
			if !first || !text.HasPrefix(attribution) {
				t.Blocks = append(t.Blocks, translate.Block{Kind: translate.TextBlock, Text: text, Cache: mark(e.Get("cache_control")), At: here})
			}
		}
	default:
		q.Fail(translate.Top(), "system", "must be a string or a list of text blocks")
	}
	if len(t.Blocks) > 0 {
		q.r.Turns = append(q.r.Turns, t)
	}
}

// mark reads a cache_control object, nil if there is none.
func mark(v scan.Value) *translate.CacheMark {
	if v.Kind() != scan.Object {
		return nil
	}
	return &translate.CacheMark{TTL: v.Get("ttl").Str(), Raw: v.Raw()}
}

// thinking reads the wish about reasoning (3.5).
func (q *request) thinking(v scan.Value) {
	e, top := &q.r.Reasoning, translate.Top()
	if !q.NeedKind(v, scan.Object, top, "thinking") {
		return
	}
	e.Raw, e.Show = v.Raw(), true
	e.Hide = v.Get("display").Text().Equal("omitted")
	switch q.NeedText(v.Get("type"), top, "thinking.type").String() {
	case "enabled":
		e.Mode = translate.EffortBudget
		n, ok := q.Int(v.Get("budget_tokens"), top, "thinking.budget_tokens")
		if !ok || n <= 0 {
			q.Fail(top, "thinking.budget_tokens", "must be a whole number above 0")
		}
		e.Budget = n
	case "disabled":
		e.Mode = translate.EffortOff
	case "between_tools":
		e.Mode = translate.EffortBetweenTools
	case "adaptive":
		e.Mode = translate.EffortAdaptive
	default: // what may come after it
		q.losses.Add("thinking.type", translate.Converted)
		e.Mode = translate.EffortAdaptive
	}
}

func (q *request) outputConfig(v scan.Value) {
	top := translate.Top()
	if !q.NeedKind(v, scan.Object, top, "output_config") {
		return
	}
	q.r.Reasoning.Level = q.Text(v.Get("effort"), top, "output_config.effort").String()
	if f := v.Get("format"); !f.IsNull() {
		q.format(f, "output_config.format")
	}
	for key, member := range v.Members() {
		if k := string(key); k != "effort" && k != "format" && !member.IsNull() {
			q.r.Extra = append(q.r.Extra, translate.Extra{Name: "output_config." + k, Raw: member.Raw()})
		}
	}
}

func (q *request) format(v scan.Value, field string) {
	top := translate.Top()
	if !q.NeedKind(v, scan.Object, top, field) {
		return
	}
	if !q.NeedText(v.Get("type"), top, field+".type").Equal("json_schema") {
		q.Fail(top, field+".type", "must be json_schema")
		return
	}
	if q.NeedKind(v.Get("schema"), scan.Object, top, field+".schema") {
		q.r.Format = translate.Format{Kind: translate.FormatSchema, Schema: v.Get("schema").Raw()}
	}
}
