package messages

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (c *checker) system(root fields) error {
	v, ok := root["system"]
	if !ok {
		return nil
	}
	if s, ok := v.(string); ok {
		if blank(s) {
			return fmt.Errorf("system: must not be empty")
		}
		return nil
	}
	l, ok := v.([]any)
	if !ok || len(l) == 0 {
		return fmt.Errorf("system: must be text or blocks")
	}
	for i, item := range l {
		block, _ := item.(fields)
		at := fmt.Sprintf("system.%d", i)
		if block["type"] != "text" || blank(text(block["text"])) {
			return fmt.Errorf("%s: system blocks must be non-empty text", at)
		}
		if err := c.block(block, at, "system"); err != nil {
			return err
		}
	}
	return nil
}

// conversation checks the messages and that calls and results stand together.
func (c *checker) conversation(root fields) error {
	l, _ := root["messages"].([]any)
	if len(l) == 0 {
		return fmt.Errorf("messages: at least one message is required")
	}
	var open []string // calls that the next user turn must answer
	for i, item := range l {
		message, ok := item.(fields)
		at := fmt.Sprintf("messages.%d", i)
		if !ok {
			return fmt.Errorf("%s: must be an object", at)
		}
		if err := only(message, at, "role", "content"); err != nil {
			return err
		}
		role := text(message["role"])
		if role != "user" && role != "assistant" && (role != "system" || !c.model.midSystem || i == 0) {
			return fmt.Errorf("%s.role: %q is not supported on this model", at, role)
		}
		if i == 0 && role != "user" {
			return fmt.Errorf("messages: first message must use the user role")
		}
		blocks, err := c.content(message["content"], at, role)
		if err != nil {
			return err
		}
		if role == "system" {
			continue
		}
		if open, err = paired(blocks, open, at, role); err != nil {
			return err
		}
		if i == len(l)-1 {
			if err := c.last(blocks, at, role); err != nil {
				return err
			}
		}
		if role == "assistant" && c.budget && len(open) > 0 && !c.answered(l[i+1:]) {
			if kind := text(blocks[0]["type"]); kind != "thinking" && kind != "redacted_thinking" {
				return fmt.Errorf("%s.content.0.type: expected thinking or redacted_thinking, but found %s", at, kind)
			}
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("messages: tool_use ids were found without tool_result blocks: %s", strings.Join(open, ", "))
	}
	return nil
}

// answered reports whether the assistant has gone on after a turn, or the user with words:
// only the last turn of an open loop of tools must begin with thinking (2.4).
func (c *checker) answered(rest []any) bool {
	for _, item := range rest {
		m, _ := item.(fields)
		if m["role"] == "assistant" {
			return true
		}
		if m["role"] == "user" {
			l, isList := m["content"].([]any)
			for _, b := range l {
				if get(b, "type") != "tool_result" {
					return true
				}
			}
			if !isList {
				return true
			}
		}
	}
	return false
}

// content checks what a message holds and gives its blocks.
func (c *checker) content(v any, at, role string) ([]fields, error) {
	if s, ok := v.(string); ok {
		if blank(s) {
			return nil, fmt.Errorf("%s: text content must be non-empty", at)
		}
		return []fields{{"type": "text", "text": s}}, nil
	}
	l, _ := v.([]any)
	if len(l) == 0 {
		return nil, fmt.Errorf("%s: all messages must have non-empty content", at)
	}
	var blocks []fields
	for i, item := range l {
		block, ok := item.(fields)
		if !ok {
			return nil, fmt.Errorf("%s.content.%d: must be an object", at, i)
		}
		if err := c.block(block, fmt.Sprintf("%s.content.%d", at, i), role); err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// paired checks results against the calls before them and gives the calls that wait.
func paired(blocks []fields, open []string, at, role string) ([]string, error) {
	if role == "assistant" {
		if len(open) > 0 {
			return nil, fmt.Errorf("%s: tool_use ids without tool_result before it: %v", at, open)
		}
		var calls []string
		for _, b := range blocks {
			if b["type"] == "tool_use" {
				calls = append(calls, text(b["id"]))
			}
		}
		return calls, nil
	}
	words := false
	for i, b := range blocks {
		if b["type"] != "tool_result" {
			words = true
			continue
		}
		if words {
			return nil, fmt.Errorf("%s.content.%d: tool_result blocks must come first", at, i)
		}
		k := slices.Index(open, text(b["tool_use_id"]))
		if k < 0 {
			return nil, fmt.Errorf("%s.content.%d: unexpected tool_use_id %v", at, i, b["tool_use_id"])
		}
		open = slices.Delete(slices.Clone(open), k, k+1)
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("%s: tool_use ids were found without tool_result blocks: %v", at, open)
	}
	return nil, nil
}

// last checks a prefill.
func (c *checker) last(blocks []fields, at, role string) error {
	if role != "assistant" {
		return nil
	}
	b := blocks[len(blocks)-1]
	if s := text(b["text"]); b["type"] == "text" && s != strings.TrimRight(s, " \n\t\r") {
		return fmt.Errorf("%s: final assistant content cannot end with trailing whitespace", at)
	}
	return nil
}

var callID = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// members are those of each type of block.
var members = map[string][]string{
	"text":              {"text", "cache_control", "citations"},
	"image":             {"source", "cache_control"},
	"document":          {"source", "title", "context", "citations", "cache_control"},
	"search_result":     {"source", "title", "content", "citations", "cache_control"},
	"tool_use":          {"id", "name", "input", "cache_control", "caller"},
	"tool_result":       {"tool_use_id", "content", "is_error", "cache_control"},
	"thinking":          {"thinking", "signature"},
	"redacted_thinking": {"data"},
}

// block checks one block of a message with a role.
func (c *checker) block(b fields, at, role string) error {
	kind := text(b["type"])
	names := members[kind]
	if names == nil {
		return fmt.Errorf("%s: input tag %q does not match any of the expected tags", at, kind)
	}
	if err := only(b, at, append([]string{"type"}, names...)...); err != nil {
		return err
	}
	if err := c.mark(b, at+".cache_control"); err != nil {
		return err
	}
	if mine := kind == "tool_use" || kind == "thinking" || kind == "redacted_thinking"; mine && role != "assistant" || kind == "tool_result" && role != "user" {
		return fmt.Errorf("%s: %s blocks are not for the role %s", at, kind, role)
	}
	switch kind {
	case "text":
		if blank(text(b["text"])) {
			return fmt.Errorf("%s: text content blocks must contain non-whitespace text", at)
		}
	case "image", "document":
		return source(b["source"], at+".source", kind)
	case "tool_use":
		if _, ok := b["input"].(fields); !ok || !callID.MatchString(text(b["id"])) || !toolName.MatchString(text(b["name"])) {
			return fmt.Errorf("%s: a call needs an id, a name and an object as input", at)
		}
		if len(c.tools) == 0 {
			return fmt.Errorf("%s: tools must be provided when messages contain tool_use blocks", at)
		}
		if c.calls[text(b["id"])] {
			return fmt.Errorf("%s: tool_use ids must be unique", at)
		}
		c.calls[text(b["id"])] = true
	case "tool_result":
		return c.result(b, at)
	case "thinking":
		if text(b["signature"]) == "" {
			return fmt.Errorf("%s.signature: Field required", at)
		}
	case "redacted_thinking":
		if text(b["data"]) == "" {
			return fmt.Errorf("%s.data: Field required", at)
		}
	}
	return nil
}

func (c *checker) result(b fields, at string) error {
	if !callID.MatchString(text(b["tool_use_id"])) {
		return fmt.Errorf("%s.tool_use_id: %v", at, b["tool_use_id"])
	}
	l, ok := b["content"].([]any)
	if !ok {
		return nil
	}
	for i, item := range l {
		part, _ := item.(fields)
		if kind := text(part["type"]); !slices.Contains([]string{"text", "image", "document", "search_result"}, kind) {
			return fmt.Errorf("%s.content.%d: %q cannot stand in a result", at, i, kind)
		}
		if err := c.block(part, fmt.Sprintf("%s.content.%d", at, i), "user"); err != nil {
			return err
		}
	}
	return nil
}

var pictures = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// source checks where a medium comes from.
func source(v any, at, kind string) error {
	s, _ := v.(fields)
	switch text(s["type"]) {
	case "base64":
		mime := text(s["media_type"])
		if kind == "image" && !slices.Contains(pictures, mime) || kind == "document" && mime != "application/pdf" {
			return fmt.Errorf("%s.media_type: %q", at, mime)
		}
		if _, err := base64.StdEncoding.DecodeString(text(s["data"])); err != nil || text(s["data"]) == "" {
			return fmt.Errorf("%s.data: invalid base64 data", at)
		}
		return only(s, at, "type", "media_type", "data")
	case "url":
		if u := text(s["url"]); !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
			return fmt.Errorf("%s.url: only http and https", at)
		}
		return only(s, at, "type", "url")
	case "text":
		if kind == "document" && text(s["media_type"]) == "text/plain" && text(s["data"]) != "" {
			return only(s, at, "type", "media_type", "data")
		}
	case "content":
		if kind == "document" {
			return only(s, at, "type", "content")
		}
	case "file":
		return only(s, at, "type", "file_id")
	}
	return fmt.Errorf("%s: %v is no source of a %s", at, s["type"], kind)
}
