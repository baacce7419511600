package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// replayed walks the reasoning that a client sends back and gathers the edits that take
// out what the provider would refuse.
type replayed struct {
	x     *translate.Exchange
	seen  map[string]bool
	edits []scan.Edit
}

// reasoningEdits adds the edits that keep seals of the gateway's own from providers of
// Chat, which did not make them, and from OpenRouter what it refuses: reasoning of Claude
// and Gemini without a seal, and the same item twice (provider-openrouter.md 3, rules 3
// and 6). Everything else stays as it is.
func reasoningEdits(edits []scan.Edit, messages scan.Value, x *translate.Exchange) []scan.Edit {
	r := replayed{x: x, edits: edits}
	i := 0
	for m := range messages.Elements() {
		r.message(m, translate.Element("messages", i))
		i++
	}
	return r.edits
}

func (r *replayed) message(m scan.Value, at translate.At) {
	var list scan.Value
	for key, v := range m.Members() {
		switch string(key) {
		case "extra_content":
			r.google(v, at)
		case "tool_calls":
			for call := range v.Elements() {
				r.google(call.Get("extra_content"), at)
			}
		case "reasoning_details":
			list = v
		}
	}
	if !list.First().Exists() {
		return // an empty list is information, and stays (rule 7)
	}
	kept, dropped, signed := []byte{'['}, false, false
	for item := range list.Elements() {
		if r.refused(item) {
			dropped = true
			continue
		}
		signed = true
		if len(kept) > 1 {
			kept = append(kept, ',')
		}
		kept = append(kept, item.Raw()...)
	}
	if !dropped {
		return
	}
	r.x.Losses.Drop(at.String() + ".reasoning_details")
	r.replace(list, append(kept, ']'))
	if signed {
		return
	}
	for _, key := range []string{"reasoning", "reasoning_content"} { // unsigned thinking would be made of it
		if v := m.Get(key); !v.IsNull() {
			r.replace(v, []byte("null"))
		}
	}
}

// google takes out a seal that the gateway has wrapped.
func (r *replayed) google(extra scan.Value, at translate.At) {
	if extra.At("google", "thought_signature").Text().HasPrefix("xjp1.") {
		r.x.Losses.Drop(at.String() + ".extra_content")
		r.replace(extra, []byte("{}"))
	}
}

func (r *replayed) replace(v scan.Value, with []byte) {
	r.edits = append(r.edits, scan.Edit{Start: v.Start(), End: v.End(), With: with})
}

// refused reports whether an item of reasoning_details must not be sent.
func (r *replayed) refused(item scan.Value) bool {
	signature, data := item.Get("signature").Text(), item.Get("data").Text()
	if signature.HasPrefix("xjp1.") || data.HasPrefix("xjp1.") {
		return true
	}
	if !r.x.Target.Quirks.OpenRouter {
		return false
	}
	if item.Get("type").Text().Equal("reasoning.text") && len(signature) == 0 && needsSeal(item.Get("format")) {
		return true
	}
	key := string(firstText(signature, item.Get("text").Text(), item.Get("summary").Text()))
	if len(data) > 0 { // a summary may have the same id
		key = string(firstText(item.Get("id").Text(), data))
	}
	again := key != "" && r.seen[key]
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[key] = true
	return again
}

// firstText returns the first text that holds something.
func firstText(texts ...scan.Text) scan.Text {
	for _, t := range texts {
		if len(t) > 0 {
			return t
		}
	}
	return nil
}

// needsSeal reports whether reasoning of a format is refused without a seal; none stands
// for Claude's.
func needsSeal(format scan.Value) bool {
	switch format.Str() {
	case "", "anthropic-claude-v1", "google-gemini-v1":
		return true
	}
	return false
}
