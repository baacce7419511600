package demo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// chatWire is the Chat dialect, with OpenRouter's reasoning.
type chatWire struct{}

func (chatWire) read(v scan.Value) (*prompt, error) {
	p := &prompt{model: v.Get("model").Str(), stream: v.Get("stream").True(), size: tokens(string(v.Raw()))}
	messages := v.Get("messages")
	if p.model == "" || messages.Len() == 0 {
		return nil, fmt.Errorf("model and messages are required")
	}
	for m := range messages.Elements() {
		if err := p.chatMessage(m); err != nil {
			return nil, err
		}
	}
	for t := range v.Get("tools").Elements() {
		f := t.Get("function")
		if t.Get("type").Str() == "custom" {
			f = t.Get("custom")
		}
		if f.Get("name").Str() == "" {
			return nil, fmt.Errorf("tools: function.name is required")
		}
		p.tools = append(p.tools, tool{f.Get("name").Str(), f.Get("parameters")})
	}
	choice := v.Get("tool_choice")
	p.forced, p.forbidden = choice.Str() == "required", choice.Str() == "none"
	if p.only = choice.At("function", "name").Str(); p.only != "" {
		p.forced = true
	}
	p.single = v.Get("parallel_tool_calls").Exists() && !v.Get("parallel_tool_calls").True()
	p.reasoning = v.Get("reasoning_effort").Exists() && v.Get("reasoning_effort").Str() != "none" ||
		v.Get("reasoning").Exists() && v.At("reasoning", "enabled").Raw() == nil || v.At("reasoning", "enabled").True()
	p.schema = v.At("response_format", "json_schema", "schema")
	p.json = v.At("response_format", "type").Str() == "json_object"
	if s := v.Get("stop"); s.Kind() == scan.String {
		p.stop = []string{s.Str()}
	} else {
		for e := range s.Elements() {
			p.stop = append(p.stop, e.Str())
		}
	}
	if p.maxTokens, _ = v.Get("max_completion_tokens").Int(); p.maxTokens == 0 {
		p.maxTokens, _ = v.Get("max_tokens").Int()
	}
	return p, nil
}

func (p *prompt) chatMessage(m scan.Value) error {
	switch role := m.Get("role").Str(); role {
	case "system", "developer":
		p.system = true
	case "user":
		p.text, p.media, p.results = "", nil, nil
		p.chatContent(m.Get("content"))
	case "assistant":
		p.results = nil
		for d := range m.Get("reasoning_details").Elements() {
			if s := d.Get("signature").Str(); s != "" {
				if s != seal(d.Get("text").Str()) {
					return fmt.Errorf("messages: invalid signature in reasoning_details")
				}
				p.seals = append(p.seals, s)
			}
		}
	case "tool":
		if m.Get("tool_call_id").Str() == "" {
			return fmt.Errorf("messages: tool_call_id is required")
		}
		p.results = append(p.results, contentText(m.Get("content")))
	default:
		return fmt.Errorf("messages: unknown role %q", role)
	}
	return nil
}

func (p *prompt) chatContent(v scan.Value) {
	if v.Kind() == scan.String {
		p.text = v.Str()
		return
	}
	for part := range v.Elements() {
		switch kind := part.Get("type").Str(); kind {
		case "text":
			p.text += part.Get("text").Str()
		case "image_url":
			p.media = append(p.media, described("an image", part.At("image_url", "url").Str()))
		case "file":
			p.media = append(p.media, described("a file", part.At("file", "file_data").Str()))
		case "input_audio":
			p.media = append(p.media, "audio")
		default:
			p.media = append(p.media, "a part of type "+kind)
		}
	}
}

// described tells what a URL is, without repeating data.
func described(what, url string) string {
	head, data, inline := strings.Cut(url, ";base64,")
	if inline {
		return fmt.Sprintf("%s of type %s with %d characters of data", what, strings.TrimPrefix(head, "data:"), len(data))
	}
	return what + " at " + url
}

// contentText joins the texts of content.
func contentText(v scan.Value) string {
	if v.Kind() == scan.String {
		return v.Str()
	}
	var b strings.Builder
	for part := range v.Elements() {
		b.WriteString(part.Get("text").Str())
	}
	return b.String()
}

var chatStops = map[stop]string{stopEnd: "stop", stopLength: "length", stopTools: "tool_calls", stopSequence: "stop", stopRefusal: "stop", stopFilter: "content_filter"}

func (chatWire) head(w *emit.Writer, a *answer, object string) {
	w.Object()
	w.KeyString("id", "gen-demo-"+strconv.FormatInt(a.id, 10))
	w.KeyString("object", object)
	w.KeyInt("created", 1767225600)
	w.KeyString("model", a.model)
}

func (chatWire) usage(w *emit.Writer, a *answer) {
	if a.noUsage {
		return
	}
	w.KeyObject("usage")
	w.KeyInt("prompt_tokens", a.input)
	w.KeyInt("completion_tokens", a.output)
	w.KeyInt("total_tokens", a.input+a.output)
	w.KeyObject("completion_tokens_details")
	w.KeyInt("reasoning_tokens", a.thought)
	w.EndObject()
	w.EndObject()
}

func (c chatWire) whole(a *answer) []byte {
	w := &emit.Writer{}
	c.head(w, a, "chat.completion")
	w.KeyArray("choices")
	w.Object()
	w.KeyInt("index", 0)
	w.KeyObject("message")
	w.KeyString("role", "assistant")
	text := strings.Join(a.pieces, "")
	switch {
	case a.stop == stopRefusal:
		w.KeyNull("content")
		w.KeyString("refusal", text)
	case text == "":
		w.KeyNull("content")
	default:
		w.KeyString("content", text)
	}
	if a.reasoning != "" {
		w.KeyString("reasoning", a.reasoning)
		w.KeyArray("reasoning_details")
		detail(w, a.reasoning, a.signature)
		w.EndArray()
	}
	if len(a.calls) > 0 {
		w.KeyArray("tool_calls")
		for i := range a.calls {
			toolCall(w, &a.calls[i], -1, a.calls[i].args)
		}
		w.EndArray()
	}
	w.EndObject()
	w.KeyNull("logprobs")
	w.KeyString("finish_reason", chatStops[a.stop])
	w.EndObject()
	w.EndArray()
	c.usage(w, a)
	w.EndObject()
	return w.B
}

func detail(w *emit.Writer, text, signature string) {
	w.Object()
	w.KeyString("type", "reasoning.text")
	w.KeyString("text", text)
	if signature != "" {
		w.KeyString("signature", signature)
	}
	w.KeyString("format", "anthropic-claude-v1")
	w.KeyInt("index", 0)
	w.EndObject()
}

func toolCall(w *emit.Writer, c *call, index int, args string) {
	w.Object()
	if index >= 0 {
		w.KeyInt("index", int64(index))
	}
	w.KeyString("id", c.id)
	w.KeyString("type", "function")
	w.KeyObject("function")
	w.KeyString("name", c.name)
	w.KeyString("arguments", args)
	w.EndObject()
	w.EndObject()
}

func (c chatWire) frames(a *answer) [][]byte {
	var list [][]byte
	chunk := func(finish string, delta func(w *emit.Writer)) {
		w := &emit.Writer{B: []byte("data: ")}
		c.head(w, a, "chat.completion.chunk")
		w.KeyArray("choices")
		w.Object()
		w.KeyInt("index", 0)
		w.KeyObject("delta")
		delta(w)
		w.EndObject()
		if finish == "" {
			w.KeyNull("finish_reason")
		} else {
			w.KeyString("finish_reason", finish)
		}
		w.EndObject()
		w.EndArray()
		w.EndObject()
		list = append(list, append(w.B, "\n\n"...))
	}
	list = append(list, []byte(": DEMO PROCESSING\n\n"))
	chunk("", func(w *emit.Writer) { w.KeyString("role", "assistant"); w.KeyString("content", "") })
	for _, piece := range split(a.reasoning) {
		chunk("", func(w *emit.Writer) {
			w.KeyString("reasoning", piece)
			w.KeyArray("reasoning_details")
			detail(w, piece, "")
			w.EndArray()
		})
	}
	if a.signature != "" {
		chunk("", func(w *emit.Writer) {
			w.KeyArray("reasoning_details")
			detail(w, "", a.signature)
			w.EndArray()
		})
	}
	key := "content"
	if a.stop == stopRefusal {
		key = "refusal"
	}
	for _, piece := range a.pieces {
		chunk("", func(w *emit.Writer) { w.KeyString(key, piece) })
	}
	for i := range a.calls {
		chunk("", func(w *emit.Writer) { w.KeyArray("tool_calls"); toolCall(w, &a.calls[i], i, ""); w.EndArray() })
		for _, piece := range fragments(a.calls[i].args) {
			chunk("", func(w *emit.Writer) {
				w.B = append(w.B, fmt.Sprintf(`"tool_calls":[{"index":%d,"function":{"arguments":%s}}]`, i, strconv.Quote(piece))...)
			})
		}
	}
	chunk(chatStops[a.stop], func(*emit.Writer) {})
	if !a.noUsage {
		w := &emit.Writer{B: []byte("data: ")}
		c.head(w, a, "chat.completion.chunk")
		w.KeyArray("choices")
		w.EndArray()
		c.usage(w, a)
		w.EndObject()
		list = append(list, append(w.B, "\n\n"...))
	}
	return append(list, []byte("data: [DONE]\n\n"))
}

// fragments cuts arguments into the pieces of a stream.
func fragments(args string) []string {
	var list []string
	for len(args) > 8 {
		list, args = append(list, args[:8]), args[8:]
	}
	return append(list, args)
}

func (chatWire) failure(status int, message string) []byte {
	w := emit.Writer{}
	w.Object()
	w.KeyObject("error")
	w.KeyString("message", message)
	w.KeyString("type", "demo_error")
	w.KeyNull("param")
	w.KeyInt("code", int64(status))
	w.EndObject()
	w.EndObject()
	return w.B
}

func (c chatWire) failed(message string) []byte {
	return append(append([]byte("data: "), c.failure(502, message)...), "\n\n"...)
}
