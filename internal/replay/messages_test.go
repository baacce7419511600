package replay

// messagesReader gathers what the events of Messages say, or a whole answer.
type messagesReader struct {
	*said
	blocks map[int64]*gathered
	order  []int64
	kinds  map[int64]string
}

func readMessages(s *said, records []any) {
	r := &messagesReader{said: s, blocks: map[int64]*gathered{}, kinds: map[int64]string{}}
	for _, v := range records {
		if !r.event(v) {
			break
		}
	}
	for _, i := range r.order {
		if r.kinds[i] == "tool_use" {
			s.add(r.blocks[i].name, r.blocks[i].args)
		}
	}
	s.choices = 1
}

// event reads one event. It reports whether there is more to the answer.
func (r *messagesReader) event(v any) bool {
	switch str(at(v, "type")) {
	case "message":
		for i, b := range list(at(v, "content")) {
			r.begin(int64(i), b)
		}
		r.finish = str(at(v, "stop_reason"))
		r.count(at(v, "usage"))
	case "message_start":
		r.count(at(v, "message", "usage"))
	case "content_block_start":
		r.begin(num(at(v, "index")), at(v, "content_block"))
	case "content_block_delta":
		r.delta(num(at(v, "index")), at(v, "delta"))
	case "message_delta":
		if f := str(at(v, "delta", "stop_reason")); f != "" {
			r.finish = f
		}
		r.count(at(v, "usage"))
	case "message_stop":
		return len(r.order) == 0 // what follows is another answer
	case "error":
		r.failed = true
	}
	return true
}

func (r *messagesReader) begin(index int64, b any) {
	kind := str(at(b, "type"))
	r.kinds[index] = kind
	r.order = append(r.order, index)
	g := &gathered{name: str(at(b, "name"))}
	r.blocks[index] = g
	switch kind {
	case "text":
		r.text += str(at(b, "text"))
	case "thinking":
		r.reasoning += str(at(b, "thinking"))
		r.seal(str(at(b, "signature")))
	case "redacted_thinking":
		r.seal(str(at(b, "data")))
	}
	if in, ok := at(b, "input").(object); ok && len(in) > 0 {
		g.args = encode(in)
	}
}

func (r *messagesReader) seal(s string) {
	if s != "" {
		r.seals = append(r.seals, s)
	}
}

func (r *messagesReader) delta(index int64, d any) {
	r.text += str(at(d, "text"))
	r.reasoning += str(at(d, "thinking"))
	r.seal(str(at(d, "signature")))
	if b := r.blocks[index]; b != nil {
		b.args += str(at(d, "partial_json"))
	}
}

// count takes the counts that are told; they are cumulative.
func (r *messagesReader) count(u any) {
	m, _ := u.(object)
	if m["output_tokens"] != nil {
		r.usage.answer = num(m["output_tokens"])
	}
	if m["input_tokens"] != nil {
		r.usage.cached = num(m["cache_read_input_tokens"])
		r.usage.prompt = num(m["input_tokens"]) + r.usage.cached + num(m["cache_creation_input_tokens"])
	}
	if n := num(at(u, "output_tokens_details", "thinking_tokens")); n > 0 {
		r.usage.thought = n
	}
}
