package demo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// messagesWire is the Messages dialect.
type messagesWire struct{}

func (messagesWire) read(v scan.Value) (*prompt, error) {
	p := &prompt{model: v.Get("model").Str(), stream: v.Get("stream").True(), size: tokens(string(v.Raw())), system: v.Get("system").Exists()}
	messages := v.Get("messages")
	if p.model == "" || messages.Len() == 0 {
		return nil, fmt.Errorf("model and messages are required")
	}
	var ok bool
	if p.maxTokens, ok = v.Get("max_tokens").Int(); !ok {
		return nil, fmt.Errorf("max_tokens: Field required")
	}
	for m := range messages.Elements() {
		if err := p.message(m); err != nil {
			return nil, err
		}
	}
	for t := range v.Get("tools").Elements() {
		if t.Get("name").Str() == "" {
			return nil, fmt.Errorf("tools: name is required")
		}
		p.tools = append(p.tools, tool{t.Get("name").Str(), t.Get("input_schema")})
	}
	choice := v.Get("tool_choice")
	p.only = choice.Get("name").Str()
	p.forced = choice.Get("type").Str() == "any" || p.only != ""
	p.forbidden = choice.Get("type").Str() == "none"
	p.single = choice.Get("disable_parallel_tool_use").True()
	kind := v.At("thinking", "type").Str()
	p.reasoning = kind == "enabled" || kind == "adaptive"
	p.schema = v.At("output_config", "format", "schema")
	for e := range v.Get("stop_sequences").Elements() {
		p.stop = append(p.stop, e.Str())
	}
	return p, nil
}

func (p *prompt) message(m scan.Value) error {
	role := m.Get("role").Str()
	if role != "user" && role != "assistant" && role != "system" {
		return fmt.Errorf("messages: unknown role %q", role)
	}
	if role == "user" {
		p.text, p.media, p.results = "", nil, nil
	}
	if content := m.Get("content"); content.Kind() == scan.String {
		if role == "user" {
			p.text = content.Str()
		}
		return nil
	}
	for b := range m.Get("content").Elements() {
		if err := p.block(role, b); err != nil {
			return err
		}
	}
	return nil
}

func (p *prompt) block(role string, b scan.Value) error {
	switch kind := b.Get("type").Str(); kind {
	case "text":
		if b.Get("text").Str() == "" {
			return fmt.Errorf("messages: text content blocks must be non-empty")
		}
		if role == "user" {
			p.text += b.Get("text").Str()
		}
	case "image", "document":
		source, what := b.Get("source"), map[string]string{"image": "an image", "document": "a document"}[kind]
		url := source.Get("url").Str()
		if url == "" {
			url = "data:" + source.Get("media_type").Str() + ";base64," + source.Get("data").Str()
		}
		p.media = append(p.media, described(what, url))
	case "tool_result":
		if b.Get("tool_use_id").Str() == "" {
			return fmt.Errorf("messages: tool_use_id is required")
		}
		p.results = append(p.results, contentText(b.Get("content")))
	case "thinking":
		if b.Get("signature").Str() != seal(b.Get("thinking").Str()) {
			return fmt.Errorf("messages: Invalid `signature` in `thinking` block")
		}
		p.seals = append(p.seals, b.Get("signature").Str())
	}
	return nil
}

var messagesStops = map[stop]string{stopEnd: "end_turn", stopLength: "max_tokens", stopTools: "tool_use", stopSequence: "stop_sequence", stopRefusal: "refusal", stopFilter: "refusal"}

func (messagesWire) head(w *emit.Writer, a *answer) {
	w.Object()
	w.KeyString("id", "msg_demo_"+strconv.FormatInt(a.id, 10))
	w.KeyString("type", "message")
	w.KeyString("role", "assistant")
	w.KeyString("model", a.model)
}

func (messagesWire) stop(w *emit.Writer, a *answer) {
	w.KeyString("stop_reason", messagesStops[a.stop])
	if a.matched != "" {
		w.KeyString("stop_sequence", a.matched)
	} else {
		w.KeyNull("stop_sequence")
	}
}

func (messagesWire) usage(w *emit.Writer, input, output int64) {
	w.KeyObject("usage")
	w.KeyInt("input_tokens", input)
	w.KeyInt("cache_creation_input_tokens", 0)
	w.KeyInt("cache_read_input_tokens", 0)
	w.KeyInt("output_tokens", output)
	w.EndObject()
}

func (m messagesWire) whole(a *answer) []byte {
	w := &emit.Writer{}
	m.head(w, a)
	w.KeyArray("content")
	if a.reasoning != "" {
		w.Object()
		w.KeyString("type", "thinking")
		w.KeyString("thinking", a.reasoning)
		w.KeyString("signature", a.signature)
		w.EndObject()
	}
	if text := strings.Join(a.pieces, ""); text != "" {
		w.Object()
		w.KeyString("type", "text")
		w.KeyString("text", text)
		w.EndObject()
	}
	for i := range a.calls {
		toolUse(w, &a.calls[i], a.calls[i].args)
	}
	w.EndArray()
	m.stop(w, a)
	if !a.noUsage {
		m.usage(w, a.input, a.output)
	}
	w.EndObject()
	return w.B
}

func toolUse(w *emit.Writer, c *call, input string) {
	w.Object()
	w.KeyString("type", "tool_use")
	w.KeyString("id", c.id)
	w.KeyString("name", c.name)
	w.KeyRaw("input", []byte(input))
	w.EndObject()
}

// frames writes the events. The first holds message_start alone, so that a failure
// "before content" comes after it.
func (m messagesWire) frames(a *answer) [][]byte {
	var list [][]byte
	event := func(name string, body func(w *emit.Writer)) {
		w := &emit.Writer{B: []byte("event: " + name + "\ndata: ")}
		w.Object()
		w.KeyString("type", name)
		body(w)
		w.EndObject()
		list = append(list, append(w.B, "\n\n"...))
	}
	event("message_start", func(w *emit.Writer) {
		w.Key("message")
		m.head(w, a)
		w.KeyArray("content")
		w.EndArray()
		w.KeyNull("stop_reason")
		w.KeyNull("stop_sequence")
		m.usage(w, a.input, 1)
		w.EndObject()
	})
	event("ping", func(*emit.Writer) {})
	index := 0
	block := func(start func(w *emit.Writer), deltas func(delta func(kind, key, value string))) {
		event("content_block_start", func(w *emit.Writer) { w.KeyInt("index", int64(index)); w.Key("content_block"); start(w) })
		deltas(func(kind, key, value string) {
			event("content_block_delta", func(w *emit.Writer) {
				w.KeyInt("index", int64(index))
				w.KeyObject("delta")
				w.KeyString("type", kind)
				w.KeyString(key, value)
				w.EndObject()
			})
		})
		event("content_block_stop", func(w *emit.Writer) { w.KeyInt("index", int64(index)) })
		index++
	}
	if a.reasoning != "" {
		block(func(w *emit.Writer) { w.Raw([]byte(`{"type":"thinking","thinking":"","signature":""}`)) }, func(delta func(kind, key, value string)) {
			for _, piece := range split(a.reasoning) {
				delta("thinking_delta", "thinking", piece)
			}
			delta("signature_delta", "signature", a.signature)
		})
	}
	if len(a.pieces) > 0 {
		block(func(w *emit.Writer) { w.Raw([]byte(`{"type":"text","text":""}`)) }, func(delta func(kind, key, value string)) {
			for _, piece := range a.pieces {
				delta("text_delta", "text", piece)
			}
		})
	}
	for i := range a.calls {
		block(func(w *emit.Writer) { toolUse(w, &a.calls[i], "{}") }, func(delta func(kind, key, value string)) {
			for _, piece := range fragments(a.calls[i].args) {
				delta("input_json_delta", "partial_json", piece)
			}
		})
	}
	event("message_delta", func(w *emit.Writer) {
		w.KeyObject("delta")
		m.stop(w, a)
		w.EndObject()
		w.KeyObject("usage")
		if !a.noUsage {
			w.KeyInt("output_tokens", a.output)
		}
		w.EndObject()
	})
	event("message_stop", func(*emit.Writer) {})
	return list
}

var errorTypes = map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}

func (messagesWire) failure(status int, message string) []byte {
	kind := errorTypes[status]
	if kind == "" {
		kind = "api_error"
	}
	w := emit.Writer{}
	w.Object()
	w.KeyString("type", "error")
	w.KeyObject("error")
	w.KeyString("type", kind)
	w.KeyString("message", message)
	w.EndObject()
	w.EndObject()
	return w.B
}

func (m messagesWire) failed(message string) []byte {
	return append(append([]byte("event: error\ndata: "), m.failure(529, message)...), "\n\n"...)
}
