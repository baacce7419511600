package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// asked is what a request says, read by simple means that share nothing with the
// gateway.
type asked struct {
	texts []string // of all messages, instructions and results
	calls []spoken
	media []string // addresses, and digests of what stands in the request
	tools map[string]string
	seals []string
	// settings are numbers and stops by their names in Chat, in canonical JSON.
	settings map[string]string
}

// set notes the first of a setting's values that is there.
func (a *asked) set(name string, values ...any) {
	for _, v := range values {
		if v == nil {
			continue
		}
		if _, one := v.(string); one {
			v = []any{v}
		}
		if a.settings == nil {
			a.settings = map[string]string{}
		}
		a.settings[name] = encode(v)
		return
	}
}

func (a *asked) say(v any) {
	if s := strings.TrimSpace(str(v)); s != "" {
		a.texts = append(a.texts, s)
	}
}

// show notes a medium by its address or by its data.
func (a *asked) show(v any) {
	s := str(v)
	if _, data, ok := strings.Cut(s, ";base64,"); ok {
		s = data
	} else if strings.HasPrefix(s, "http") || strings.HasPrefix(s, "gs:") {
		a.media = append(a.media, s)
		return
	}
	if s != "" {
		sum := sha256.Sum256([]byte(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "").Replace(s), "=")))
		a.media = append(a.media, hex.EncodeToString(sum[:8]))
	}
}

func (a *asked) offer(name, description string) {
	if a.tools == nil {
		a.tools = map[string]string{}
	}
	if _, twice := a.tools[name]; !twice {
		a.tools[name] = strings.TrimSpace(description)
	}
}

// askedChat reads a Chat request.
func askedChat(body []byte) asked {
	a, v := asked{}, decode(body)
	for _, m := range list(at(v, "messages")) {
		a.chatContent(at(m, "content"))
		a.say(at(m, "refusal"))
		for _, d := range list(at(m, "reasoning_details")) {
			if s := str(at(d, "signature")); s != "" && str(at(m, "role")) == "assistant" {
				a.seals = append(a.seals, s)
			}
		}
		for _, c := range list(at(m, "tool_calls")) {
			if name := str(at(c, "function", "name")); name != "" {
				a.calls = append(a.calls, spoken{name, canonical(argumentsText(at(c, "function", "arguments")))})
			}
		}
		if name := str(at(m, "function_call", "name")); name != "" {
			a.calls = append(a.calls, spoken{name, canonical(str(at(m, "function_call", "arguments")))})
		}
	}
	for _, t := range list(at(v, "tools")) {
		if name := str(at(t, "function", "name")); name != "" {
			a.offer(name, str(at(t, "function", "description")))
		}
	}
	a.set("max_tokens", at(v, "max_completion_tokens"), at(v, "max_tokens"))
	a.set("temperature", at(v, "temperature"))
	a.set("top_p", at(v, "top_p"))
	a.set("stop", at(v, "stop"))
	for _, f := range list(at(v, "functions")) {
		a.offer(str(at(f, "name")), str(at(f, "description")))
	}
	return a
}

func argumentsText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return encode(v)
}

func (a *asked) chatContent(v any) {
	a.say(v)
	for _, p := range list(v) {
		switch str(at(p, "type")) {
		case "image_url":
			if u, ok := at(p, "image_url").(string); ok {
				a.show(u)
			}
			a.show(at(p, "image_url", "url"))
		case "input_audio":
			a.show(at(p, "input_audio", "data"))
		case "file":
			a.show(at(p, "file", "file_data"))
		case "video_url":
			a.show(at(p, "video_url", "url"))
		case "refusal":
			a.say(at(p, "refusal"))
		default:
			a.say(at(p, "text"))
		}
	}
}

// askedMessages reads a Messages request.
func askedMessages(body []byte) asked {
	a, v := asked{}, decode(body)
	a.blocks(at(v, "system"))
	for _, m := range list(at(v, "messages")) {
		a.blocks(at(m, "content"))
	}
	a.set("max_tokens", at(v, "max_tokens"))
	a.set("temperature", at(v, "temperature"))
	a.set("top_p", at(v, "top_p"))
	a.set("stop", at(v, "stop_sequences"))
	for _, t := range list(at(v, "tools")) {
		if kind := str(at(t, "type")); kind == "" || kind == "custom" {
			a.offer(str(at(t, "name")), str(at(t, "description")))
		}
	}
	return a
}

func (a *asked) blocks(v any) {
	a.say(v)
	for _, b := range list(v) {
		switch str(at(b, "type")) {
		case "text":
			a.say(at(b, "text"))
		case "image", "document":
			a.show(at(b, "source", "url"))
			if str(at(b, "source", "type")) == "text" {
				a.say(at(b, "source", "data"))
			} else {
				a.show(at(b, "source", "data"))
			}
			a.blocks(at(b, "source", "content"))
		case "tool_use":
			a.calls = append(a.calls, spoken{str(at(b, "name")), canonical(encode(at(b, "input")))})
		case "tool_result", "search_result":
			a.blocks(at(b, "content"))
		case "thinking":
			a.seals = append(a.seals, str(at(b, "signature")))
		}
	}
}

// askedGemini reads a Gemini request.
func askedGemini(body []byte) asked {
	a, v := asked{}, decode(body)
	a.parts(at(v, "systemInstruction", "parts"))
	for _, c := range list(at(v, "contents")) {
		a.parts(at(c, "parts"))
	}
	a.set("max_tokens", at(v, "generationConfig", "maxOutputTokens"))
	a.set("temperature", at(v, "generationConfig", "temperature"))
	a.set("top_p", at(v, "generationConfig", "topP"))
	a.set("stop", at(v, "generationConfig", "stopSequences"))
	for _, t := range list(at(v, "tools")) {
		for _, f := range list(at(t, "functionDeclarations")) {
			a.offer(str(at(f, "name")), str(at(f, "description")))
		}
	}
	return a
}

func (a *asked) parts(v any) {
	for _, p := range list(v) {
		a.say(at(p, "text"))
		a.show(at(p, "inlineData", "data"))
		a.show(at(p, "fileData", "fileUri"))
		if name := str(at(p, "functionCall", "name")); name != "" {
			a.calls = append(a.calls, spoken{name, canonical(encode(at(p, "functionCall", "args")))})
		}
		a.values(at(p, "functionResponse", "response"))
		a.parts(at(p, "functionResponse", "parts"))
	}
}

// values says all text of a function's response.
func (a *asked) values(v any) {
	switch x := v.(type) {
	case object:
		a.say(encode(x))
		for _, member := range x {
			a.values(member)
		}
	case []any:
		for _, item := range x {
			a.values(item)
		}
	default:
		a.say(v)
	}
}
