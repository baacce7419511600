package chat

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// conversation checks the messages and that calls and results stand together.
func (c *checker) conversation(root fields) error {
	l, _ := root["messages"].([]any)
	if len(l) == 0 {
		return fmt.Errorf("messages: empty array")
	}
	var open []string // calls without a result yet
	for i, item := range l {
		m, ok := item.(fields)
		at := fmt.Sprintf("messages[%d]", i)
		if !ok {
			return fmt.Errorf("%s: must be an object", at)
		}
		c.words = c.words || strings.Contains(strings.ToLower(fmt.Sprint(m["content"])), "json")
		role := text(m["role"])
		if role != "tool" && len(open) > 0 {
			return fmt.Errorf("%s: tool_call_ids did not have response messages: %s", at, strings.Join(open, ", "))
		}
		if err := c.message(m, at, role); err != nil {
			return err
		}
		switch role {
		case "assistant":
			calls, _ := m["tool_calls"].([]any)
			for _, call := range calls {
				open = append(open, text(get(call, "id")))
			}
		case "tool":
			k := slices.Index(open, text(m["tool_call_id"]))
			if k < 0 {
				return fmt.Errorf("%s: messages with role tool must be a response to a preceding message with tool_calls", at)
			}
			open = slices.Delete(open, k, k+1)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("tool_call_ids did not have response messages: %s", strings.Join(open, ", "))
	}
	return nil
}

// members are those of a message of each role.
var members = map[string][]string{
	"system":    {"content", "name"},
	"developer": {"content", "name"},
	"user":      {"content", "name"},
	"assistant": {"content", "name", "tool_calls", "function_call", "refusal", "audio", "annotations"},
	"tool":      {"content", "tool_call_id"},
	"function":  {"content", "name"},
}

// parts are the types of parts in messages of each role.
var parts = map[string][]string{
	"system":    {"text"},
	"developer": {"text"},
	"user":      {"text", "image_url", "input_audio", "file"},
	"assistant": {"text", "refusal"},
	"tool":      {"text"},
}

func (c *checker) message(m fields, at, role string) error {
	names := members[role]
	if names == nil {
		return fmt.Errorf("%s.role: invalid value %q", at, role)
	}
	names = append([]string{"role"}, names...)
	if c.host == OpenRouter {
		names = append(names, "cache_control", "reasoning", "reasoning_details", "images")
	}
	if err := only(m, at, names...); err != nil {
		return err
	}
	calls, _ := m["tool_calls"].([]any)
	if m["tool_calls"] != nil && len(calls) == 0 {
		return fmt.Errorf("%s.tool_calls: empty array", at)
	}
	if m["content"] == nil && (role != "assistant" || len(calls) == 0 && m["function_call"] == nil && m["refusal"] == nil && m["audio"] == nil) {
		return fmt.Errorf("%s.content: expected a string, got null", at)
	}
	if s, ok := m["content"].(string); ok && s == "" && len(calls) > 0 {
		return fmt.Errorf("%s.content: blank text beside tool calls", at)
	}
	if err := c.content(m["content"], at, role); err != nil {
		return err
	}
	for i, call := range calls {
		if err := c.call(call, fmt.Sprintf("%s.tool_calls[%d]", at, i)); err != nil {
			return err
		}
	}
	return c.details(m, at)
}

func (c *checker) call(v any, at string) error {
	call, _ := v.(fields)
	if text(call["id"]) == "" {
		return fmt.Errorf("%s.id: missing", at)
	}
	if call["type"] == "custom" {
		return nil
	}
	f, _ := call["function"].(fields)
	args, ok := f["arguments"].(string)
	if call["type"] != "function" || !toolName.MatchString(text(f["name"])) || !ok || !json.Valid([]byte(args)) {
		return fmt.Errorf("%s: a call needs a type, a name and JSON text as arguments", at)
	}
	return only(call, at, "id", "type", "function")
}

func (c *checker) content(v any, at, role string) error {
	l, ok := v.([]any)
	if !ok {
		return nil
	}
	if len(l) == 0 {
		return fmt.Errorf("%s.content: empty array", at)
	}
	for i, item := range l {
		part, _ := item.(fields)
		kind := text(part["type"])
		known := parts[role]
		if c.host == OpenRouter && role == "user" {
			known = append(slices.Clone(known), "video_url")
		}
		at := fmt.Sprintf("%s.content[%d]", at, i)
		if !slices.Contains(known, kind) {
			return fmt.Errorf("%s.type: invalid value %q for the role %s", at, kind, role)
		}
		if err := c.part(part, at, kind); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) part(part fields, at, kind string) error {
	names := []string{"type", kind, "prompt_cache_breakpoint"}
	if c.host == OpenRouter {
		names = append(names, "cache_control")
	}
	if err := only(part, at, names...); err != nil {
		return err
	}
	switch kind {
	case "text":
		if _, ok := part["text"].(string); !ok {
			return fmt.Errorf("%s.text: must be a string", at)
		}
	case "image_url", "video_url":
		return address(text(get(part, kind, "url")), at)
	case "input_audio":
		if format := text(get(part, kind, "format")); format == "" || text(get(part, kind, "data")) == "" {
			return fmt.Errorf("%s.input_audio: needs data and format", at)
		}
	case "file":
		if get(part, kind, "file_id") != nil {
			return nil
		}
		data := text(get(part, kind, "file_data"))
		if !strings.HasPrefix(data, "data:") && c.host != OpenRouter {
			return fmt.Errorf("%s.file.file_data: must be a data URL", at)
		}
		return address(data, at)
	}
	return nil
}

// address checks a URL: http, https or data with base64.
func address(u, at string) error {
	if strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") {
		return nil
	}
	head, data, ok := strings.Cut(u, ";base64,")
	if !ok || !strings.HasPrefix(head, "data:") || data == "" {
		return fmt.Errorf("%s: invalid URL %.40q", at, u)
	}
	if _, err := base64.StdEncoding.DecodeString(data); err != nil {
		return fmt.Errorf("%s: invalid base64: %w", at, err)
	}
	return nil
}

// details checks reasoning that goes back (provider-openrouter.md 3): nothing unsigned
// of a family that signs, and nothing twice.
func (c *checker) details(m fields, at string) error {
	l, _ := m["reasoning_details"].([]any)
	seen := map[string]bool{}
	for i, d := range l {
		kind, format := text(get(d, "type")), text(get(d, "format"))
		signs := format == "" || format == "anthropic-claude-v1" || format == "google-gemini-v1"
		if kind == "reasoning.text" && signs && text(get(d, "signature")) == "" {
			return fmt.Errorf("%s.reasoning_details[%d]: invalid signature in thinking block", at, i)
		}
		key := kind + text(get(d, "id")) + text(get(d, "data")) + text(get(d, "text")) + text(get(d, "summary")) + text(get(d, "signature"))
		if seen[key] {
			return fmt.Errorf("%s.reasoning_details[%d]: duplicate item found", at, i)
		}
		seen[key] = true
	}
	return nil
}
