package replay

import "encoding/json"

// chatReader gathers what the chunks of Chat say, or a whole answer as one chunk.
type chatReader struct {
	*said
	calls   map[int]*gathered
	order   []int
	legacy  *gathered
	indexes map[int64]bool
}

func readChat(s *said, records []any) {
	r := &chatReader{said: s, calls: map[int]*gathered{}, indexes: map[int64]bool{}}
	for _, v := range records {
		s.failed = s.failed || at(v, "error") != nil
		for _, c := range list(at(v, "choices")) {
			r.indexes[num(at(c, "index"))] = true
			if num(at(c, "index")) == 0 {
				r.choice(c)
			}
		}
		r.count(v)
	}
	for _, key := range r.order {
		s.add(r.calls[key].name, r.calls[key].args)
	}
	if r.legacy != nil {
		s.add(r.legacy.name, r.legacy.args)
	}
	s.choices = len(r.indexes)
}

func (r *chatReader) choice(c any) {
	m := at(c, "delta")
	if m == nil {
		m = at(c, "message")
	}
	r.text += partsText(at(m, "content")) + str(at(m, "audio", "transcript"))
	r.refusal += str(at(m, "refusal"))
	r.images += len(list(at(m, "images")))
	r.thoughts(m)
	for i, call := range list(at(m, "tool_calls")) {
		r.call(i, call)
	}
	if f := at(m, "function_call"); f != nil {
		if r.legacy == nil {
			r.legacy = &gathered{}
		}
		r.legacy.name += str(at(f, "name"))
		r.legacy.args += str(at(f, "arguments"))
	}
	if f := str(at(c, "finish_reason")); f != "" {
		r.finish = f
		r.failed = r.failed || f == "error"
	}
	r.failed = r.failed || at(c, "error") != nil
}

// thoughts reads reasoning by whatever name: one source is enough, they are copies.
func (r *chatReader) thoughts(m any) {
	t := partsText(at(m, "reasoning_content"))
	if t == "" {
		t = partsText(at(m, "reasoning"))
	}
	if t == "" {
		t = thinkingParts(at(m, "content"))
	}
	r.reasoning += t
	for _, d := range list(at(m, "reasoning_details")) {
		if sig := str(at(d, "signature")); sig != "" {
			r.seals = append(r.seals, sig)
		}
	}
}

func (r *chatReader) call(i int, call any) {
	key := i
	if n, ok := at(call, "index").(json.Number); ok {
		v, _ := n.Int64()
		key = int(v)
	}
	g := r.calls[key]
	id, name := str(at(call, "id")), str(at(call, "function", "name"))
	if g == nil || id != "" && g.id != "" && id != g.id && name != "" {
		if g != nil {
			key = 1000 + len(r.order)
		}
		g = &gathered{id: id}
		r.calls[key] = g
		r.order = append(r.order, key)
	}
	if g.name == "" {
		g.name = name
	}
	if a, ok := at(call, "function", "arguments").(object); ok {
		g.args += encode(a)
	}
	g.args += str(at(call, "function", "arguments"))
}

func (r *chatReader) count(v any) {
	u := at(v, "usage")
	if u == nil {
		u = at(v, "x_groq", "usage")
	}
	if num(at(u, "prompt_tokens")) == 0 && num(at(u, "completion_tokens")) == 0 {
		return
	}
	c := counts{
		prompt: num(at(u, "prompt_tokens")), answer: num(at(u, "completion_tokens")),
		cached:  first(at(u, "prompt_tokens_details", "cached_tokens"), at(u, "prompt_cache_hit_tokens"), at(u, "cached_tokens")),
		thought: first(at(u, "completion_tokens_details", "reasoning_tokens"), at(u, "reasoning_tokens")),
	}
	if c.thought > 0 && num(at(u, "total_tokens")) == c.prompt+c.answer+c.thought {
		c.answer += c.thought
		r.corrected = true
	}
	r.usage = c
}

// partsText is the text of content: a string, or parts.
func partsText(v any) string {
	if t, ok := v.(string); ok {
		return t
	}
	out := ""
	for _, p := range list(v) {
		if k := str(at(p, "type")); k == "text" || k == "" {
			out += str(at(p, "text"))
		}
	}
	return out
}

// thinkingParts is the reasoning among the parts of content, as Mistral writes it.
func thinkingParts(v any) string {
	out := ""
	for _, p := range list(v) {
		if str(at(p, "type")) == "thinking" {
			out += partsText(at(p, "thinking"))
		}
	}
	return out
}
