package gemini

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Mint makes a signature that the surface given accepts, and no other: signatures are
// bound to the account that made them.
func Mint(surface string, n int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "double:%s:%d", surface, n))
}

// The placeholder for a missing signature in its two spellings on the wire.
const (
	placeholder = "skip_thought_signature_validator"
	encoded     = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
)

// signature refuses what the surface has not signed.
func (c *checker) signature(v any, at string) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s.thoughtSignature is no string", at)
	}
	if s == placeholder || s == encoded {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !strings.HasPrefix(string(raw), "double:"+c.surface+":") {
		return fmt.Errorf("corrupted thought signature at %s: %q", at, s)
	}
	return nil
}

// contents checks the conversation's turns against each other.
func (c *checker) contents(root fields) error {
	list, _ := root["contents"].([]any)
	if len(list) == 0 {
		return fmt.Errorf("contents is not specified")
	}
	last, calls := "", []string(nil)
	for i, v := range list {
		at := fmt.Sprintf("contents[%d]", i)
		content, ok := v.(fields)
		if !ok {
			return fmt.Errorf("%s is no object", at)
		}
		if err := only(content, at, "role", "parts"); err != nil {
			return err
		}
		role, _ := content["role"].(string)
		if role != "user" && role != "model" {
			return fmt.Errorf("%s: please use a valid role: user, model", at)
		}
		if role == last {
			return fmt.Errorf("%s: two contents of the role %s in a row", at, role)
		}
		parts, _ := content["parts"].([]any)
		if len(parts) == 0 {
			return fmt.Errorf("%s.parts is empty", at)
		}
		turn, err := c.turn(parts, role, at)
		if err != nil {
			return err
		}
		if err := answered(calls, turn.responses, at); err != nil {
			return err
		}
		if i == 0 && len(turn.calls) > 0 {
			return fmt.Errorf("%s: a function call turn comes immediately after a user turn or after a function response turn", at)
		}
		last, calls = role, turn.calls
	}
	if len(calls) > 0 {
		return fmt.Errorf("the last content has function calls without responses")
	}
	return nil
}

// answered compares a turn's responses with the calls before it.
func answered(calls, responses []string, at string) error {
	if len(calls) != len(responses) {
		return fmt.Errorf("%s: please ensure that the number of function response parts is equal to the number of function call parts of the function call turn: %d and %d", at, len(responses), len(calls))
	}
	for i := range calls {
		if calls[i] != responses[i] {
			return fmt.Errorf("%s: function response %d is of %s, the call of %s", at, i, responses[i], calls[i])
		}
	}
	return nil
}

// turn is what one content calls and answers, by name and id.
type turn struct{ calls, responses []string }

var data = []string{"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult", "toolCall", "toolResponse"}

// turn checks the parts of a content.
func (c *checker) turn(parts []any, role, at string) (turn, error) {
	var t turn
	others := false
	for i, v := range parts {
		here := fmt.Sprintf("%s.parts[%d]", at, i)
		part, ok := v.(fields)
		if !ok {
			return t, fmt.Errorf("%s is no object", here)
		}
		kind, err := c.part(part, here)
		if err != nil {
			return t, err
		}
		switch kind {
		case "functionCall":
			if role != "model" {
				return t, fmt.Errorf("%s: a functionCall in the role %s", here, role)
			}
			if _, signed := part["thoughtSignature"]; !signed && len(t.calls) == 0 && c.generation >= 3 {
				return t, fmt.Errorf("%s: function call is missing a thought_signature", here)
			}
			t.calls = append(t.calls, key(part[kind]))
		case "functionResponse":
			if role != "user" {
				return t, fmt.Errorf("%s: a functionResponse in the role %s", here, role)
			}
			if others {
				return t, fmt.Errorf("%s: a functionResponse after other parts", here)
			}
			t.responses = append(t.responses, key(part[kind]))
		default:
			others = true
		}
	}
	return t, nil
}

// key tells calls apart: by name, and by id where there are ids.
func key(v any) string {
	f, _ := v.(fields)
	name, _ := f["name"].(string)
	id, _ := f["id"].(string)
	return name + "#" + id
}

// part checks one part and tells its kind.
func (c *checker) part(part fields, at string) (kind string, err error) {
	for _, name := range data {
		if _, ok := part[name]; !ok {
			continue
		}
		if kind != "" {
			return "", fmt.Errorf("%s: oneof field 'data' is already set: %s and %s", at, kind, name)
		}
		kind = name
	}
	if kind == "" {
		return "", fmt.Errorf("%s: required oneof field 'data' must have one initialized field", at)
	}
	if err := only(part, at, kind, "thought", "thoughtSignature", "videoMetadata", "mediaResolution"); err != nil {
		return "", err
	}
	if s, ok := part["thoughtSignature"]; ok {
		if err := c.signature(s, at); err != nil {
			return "", err
		}
	}
	if _, ok := part["mediaResolution"]; ok && c.generation < 3 {
		return "", fmt.Errorf("%s: mediaResolution is not supported by this model", at)
	}
	if v, ok := part["videoMetadata"].(fields); ok {
		if err := only(v, at+".videoMetadata", "startOffset", "endOffset", "fps"); err != nil {
			return "", err
		}
	}
	_, signed := part["thoughtSignature"]
	switch v := part[kind].(type) {
	case string:
		if kind != "text" || v == "" && !signed {
			return "", fmt.Errorf("%s: empty text", at)
		}
	case fields:
		return kind, c.body(kind, v, at+"."+kind)
	default:
		return "", fmt.Errorf("%s.%s has the wrong type", at, kind)
	}
	return kind, nil
}

// body checks the object of a part.
func (c *checker) body(kind string, v fields, at string) error {
	ids := []string{"name", "args", "response", "parts"}
	if c.surface == AIStudio {
		ids = append(ids, "id")
	}
	switch kind {
	case "inlineData", "fileData":
		return blob(kind, v, at)
	case "functionCall":
		if err := only(v, at, ids...); err != nil {
			return err
		}
		if _, ok := v["args"].(fields); !ok {
			return fmt.Errorf("%s.args is no object", at)
		}
		return name(v["name"], at)
	case "functionResponse":
		if err := only(v, at, ids...); err != nil {
			return err
		}
		if _, ok := v["response"].(fields); !ok {
			return fmt.Errorf("%s.response is no object", at)
		}
		if err := c.responseParts(v["parts"], at); err != nil {
			return err
		}
		return name(v["name"], at)
	}
	if (kind == "toolCall" || kind == "toolResponse") && c.surface == Vertex {
		return fmt.Errorf("unknown name %q at %s", kind, at)
	}
	return nil
}

func (c *checker) responseParts(v any, at string) error {
	if v == nil {
		return nil
	}
	if c.generation < 3 {
		return fmt.Errorf("%s.parts: multimodal function responses are not supported by this model", at)
	}
	list, _ := v.([]any)
	for i, p := range list {
		here := fmt.Sprintf("%s.parts[%d]", at, i)
		part, _ := p.(fields)
		if len(part) != 1 {
			return fmt.Errorf("%s must have one field", here)
		}
		for kind, body := range part {
			inner, ok := body.(fields)
			if !ok || kind != "inlineData" && kind != "fileData" {
				return fmt.Errorf("unknown name %q at %s", kind, here)
			}
			if err := blob(kind, inner, here); err != nil {
				return err
			}
		}
	}
	return nil
}

func blob(kind string, v fields, at string) error {
	content := "data"
	if kind == "fileData" {
		content = "fileUri"
	}
	if err := only(v, at, "mimeType", content); err != nil {
		return err
	}
	mime, _ := v["mimeType"].(string)
	if !strings.Contains(mime, "/") || strings.Contains(mime, ";") {
		return fmt.Errorf("%s: unsupported MIME type: %q", at, mime)
	}
	text, _ := v[content].(string)
	if text == "" {
		return fmt.Errorf("%s.%s is empty", at, content)
	}
	if kind == "inlineData" {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return fmt.Errorf("%s: base64 decoding failed", at)
		}
	}
	return nil
}
