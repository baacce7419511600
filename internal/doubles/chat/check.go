// Package chat refuses what OpenAI's Chat Completions API refuses, and what OpenRouter
// refuses of its own form of it, as far as it is known (wire-openai-anthropic.md 3,
// provider-openrouter.md 2 and 3).
package chat

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The hosts of the API.
const (
	OpenAI     = "openai"
	OpenRouter = "openrouter"
)

// Check reports why a host of the API would answer a request with a 400, nil if it
// would not.
func Check(body []byte, host string) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var root fields
	if err := d.Decode(&root); err != nil {
		return fmt.Errorf("invalid JSON: %w", err)
	}
	c := &checker{host: host, functions: map[string]bool{}}
	return c.request(root)
}

type fields = map[string]any

type checker struct {
	host      string
	functions map[string]bool
	words     bool // some message says JSON
}

// parameters are the members of a request.
var parameters = []string{"model", "messages", "max_completion_tokens", "max_tokens", "temperature", "top_p", "n", "stop", "stream",
	"stream_options", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format", "reasoning_effort",
	"verbosity", "user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "service_tier",
	"seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "prediction", "store", "modalities", "audio",
	"web_search_options", "moderation"}

// extensions are OpenRouter's.
var extensions = []string{"models", "provider", "plugins", "reasoning", "cache_control", "top_k", "min_p", "top_a", "repetition_penalty",
	"usage", "session_id", "trace", "transforms", "route", "image_config", "include_reasoning"}

func (c *checker) request(root fields) error {
	names := parameters
	if c.host == OpenRouter {
		names = append(slices.Clone(parameters), extensions...)
	}
	if err := only(root, "", names...); err != nil {
		return err
	}
	if text(root["model"]) == "" {
		return fmt.Errorf("you must provide a model parameter")
	}
	for _, check := range []func(fields) error{c.numbers, c.stream, c.definitions, c.choice, c.people, c.conversation, c.format, c.reasoning} {
		if err := check(root); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) numbers(root fields) error {
	for name, span := range map[string][2]float64{"temperature": {0, 2}, "top_p": {0, 1}, "presence_penalty": {-2, 2}, "frequency_penalty": {-2, 2}, "n": {1, 128}, "max_tokens": {1, 1e7}, "max_completion_tokens": {1, 1e7}} {
		v, ok := root[name]
		if !ok || v == nil {
			continue
		}
		n, _ := v.(json.Number)
		if f, err := n.Float64(); err != nil || f < span[0] || f > span[1] {
			return fmt.Errorf("invalid %s: %v", name, v)
		}
	}
	if root["max_tokens"] != nil && root["max_completion_tokens"] != nil {
		return fmt.Errorf("setting max_tokens and max_completion_tokens at the same time is not supported")
	}
	return nil
}

func (c *checker) stream(root fields) error {
	if root["stream_options"] != nil && root["stream"] != true {
		return fmt.Errorf("the stream_options parameter is only allowed when stream is enabled")
	}
	l, ok := root["stop"].([]any)
	if ok && (len(l) == 0 || len(l) > 4) {
		return fmt.Errorf("invalid stop: expected an array with length 1 to 4, but got %d", len(l))
	}
	for _, s := range l {
		if text(s) == "" {
			return fmt.Errorf("invalid stop: empty text")
		}
	}
	if tier := root["service_tier"]; tier != nil && !slices.Contains([]string{"auto", "default", "flex", "priority", "scale", "fast"}, text(tier)) {
		return fmt.Errorf("invalid service_tier %v", tier)
	}
	return nil
}

// people checks what names the end user: OpenAI's limits, no e-mail address.
func (c *checker) people(root fields) error {
	if n := len(text(root["safety_identifier"])); n > 64 {
		return fmt.Errorf("safety_identifier: %d characters, maximum 64", n)
	}
	if n := len(text(root["user"])); n > 128 && c.host == OpenAI {
		return fmt.Errorf("user: %d characters, maximum 128", n)
	}
	if m, ok := root["metadata"].(fields); ok && len(m) > 16 {
		return fmt.Errorf("metadata: more than 16 entries")
	}
	return nil
}

var toolName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

func (c *checker) definitions(root fields) error {
	v, ok := root["tools"]
	if !ok {
		return nil
	}
	l, _ := v.([]any)
	if len(l) == 0 {
		return fmt.Errorf("invalid tools: empty array")
	}
	for i, item := range l {
		at := fmt.Sprintf("tools[%d]", i)
		tool, _ := item.(fields)
		switch kind := text(tool["type"]); {
		case kind == "function":
			if err := c.function(tool, at); err != nil {
				return err
			}
		case kind == "custom":
			c.functions[text(get(tool, "custom", "name"))] = true
		case c.host == OpenRouter && strings.HasPrefix(kind, "openrouter:"):
		default:
			return fmt.Errorf("%s.type: invalid value %q", at, kind)
		}
	}
	return nil
}

func (c *checker) function(tool fields, at string) error {
	names := []string{"type", "function"}
	if c.host == OpenRouter {
		names = append(names, "cache_control")
	}
	if err := only(tool, at, names...); err != nil {
		return err
	}
	f, ok := tool["function"].(fields)
	if !ok {
		return fmt.Errorf("%s.function: missing", at)
	}
	if err := only(f, at+".function", "name", "description", "parameters", "strict"); err != nil {
		return err
	}
	name := text(f["name"])
	if !toolName.MatchString(name) || c.functions[name] {
		return fmt.Errorf("%s.function.name: %q does not match the pattern, or stands twice", at, name)
	}
	c.functions[name] = true
	schema, ok := f["parameters"].(fields)
	if f["parameters"] != nil && (!ok || schema["type"] != "object") {
		return fmt.Errorf("invalid schema for function %q: schema must have type object", name)
	}
	if ok && schema["properties"] == nil {
		return fmt.Errorf("invalid schema for function %q: object schema missing properties", name)
	}
	if f["strict"] == true {
		return strictly(schema, at+".function.parameters")
	}
	return nil
}

func (c *checker) choice(root fields) error {
	if root["parallel_tool_calls"] != nil && len(c.functions) == 0 {
		return fmt.Errorf("parallel_tool_calls is only allowed when tools are specified")
	}
	v := root["tool_choice"]
	if v == nil {
		return nil
	}
	if len(c.functions) == 0 {
		return fmt.Errorf("tool_choice is only allowed when tools are specified")
	}
	if s, ok := v.(string); ok {
		if !slices.Contains([]string{"auto", "none", "required"}, s) {
			return fmt.Errorf("invalid tool_choice %q", s)
		}
		return nil
	}
	if get(v, "type") == "function" && !c.functions[text(get(v, "function", "name"))] {
		return fmt.Errorf("tool_choice names %v, which is no tool", get(v, "function", "name"))
	}
	return nil
}

func (c *checker) format(root fields) error {
	f, ok := root["response_format"].(fields)
	if !ok {
		return nil
	}
	switch text(f["type"]) {
	case "text":
	case "json_object":
		if !c.words {
			return fmt.Errorf("messages must contain the word json to use response_format of type json_object")
		}
	case "json_schema":
		s, _ := f["json_schema"].(fields)
		if err := only(s, "response_format.json_schema", "name", "description", "schema", "strict"); err != nil {
			return err
		}
		if !toolName.MatchString(text(s["name"])) {
			return fmt.Errorf("response_format.json_schema.name: %v", s["name"])
		}
		if schema, _ := s["schema"].(fields); s["strict"] == true {
			return strictly(schema, "response_format.json_schema.schema")
		}
	default:
		return fmt.Errorf("response_format.type: %v", f["type"])
	}
	return nil
}

// strictly checks a schema of strict mode: each property required, each object closed.
func strictly(schema fields, at string) error {
	if schema["type"] == "object" || schema["properties"] != nil {
		if schema["additionalProperties"] != false {
			return fmt.Errorf("%s: additionalProperties is required to be supplied and to be false", at)
		}
		properties, _ := schema["properties"].(fields)
		required, _ := schema["required"].([]any)
		for name, v := range properties {
			if !slices.Contains(required, any(name)) {
				return fmt.Errorf("%s: required must include every key in properties, %q is missing", at, name)
			}
			if sub, ok := v.(fields); ok {
				if err := strictly(sub, at+"."+name); err != nil {
					return err
				}
			}
		}
	}
	if items, ok := schema["items"].(fields); ok {
		return strictly(items, at+".items")
	}
	return nil
}

func (c *checker) reasoning(root fields) error {
	if e := root["reasoning_effort"]; e != nil && !slices.Contains([]string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}, text(e)) {
		return fmt.Errorf("invalid reasoning_effort %v", e)
	}
	r, ok := root["reasoning"].(fields)
	if !ok {
		return nil
	}
	if root["reasoning_effort"] != nil {
		return fmt.Errorf("reasoning and reasoning_effort together")
	}
	if r["effort"] != nil && r["max_tokens"] != nil {
		return fmt.Errorf("only one of reasoning.effort and reasoning.max_tokens can be specified")
	}
	return only(r, "reasoning", "effort", "max_tokens", "exclude", "enabled", "summary")
}

// only refuses members that are not known.
func only(v fields, at string, names ...string) error {
	for name := range v {
		if !slices.Contains(names, name) {
			return fmt.Errorf("unknown parameter: %s.%s", at, name)
		}
	}
	return nil
}

func text(v any) string { s, _ := v.(string); return s }

// get walks into objects; nil if there is nothing.
func get(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(fields)
		v = m[name]
	}
	return v
}
