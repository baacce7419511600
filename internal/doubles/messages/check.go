// Package messages refuses what Anthropic's Messages API refuses, as far as it is known
// (wire-openai-anthropic.md 0 to 2, provider notes), so that requests that are not quite
// right fail in tests and not at the provider.
package messages

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Check reports why the API would answer a Messages request with a 400, nil if it would not.
func Check(body []byte) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var root fields
	if err := d.Decode(&root); err != nil {
		return fmt.Errorf("invalid JSON: %w", err)
	}
	name, _ := root["model"].(string)
	if name == "" {
		return fmt.Errorf("model: Field required")
	}
	c := &checker{model: modelOf(name), tools: map[string]bool{}, calls: map[string]bool{}}
	return c.request(root)
}

type fields = map[string]any

// checker holds what the parts of a request must know of one another.
type checker struct {
	model    model
	limit    int64
	budget   bool // thinking with a budget is on
	thinking bool
	marks    int // cache marks
	tools    map[string]bool
	calls    map[string]bool // the ids of calls so far
}

// parameters are the members of a request.
var parameters = []string{"model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k",
	"stop_sequences", "thinking", "tools", "tool_choice", "metadata", "output_config", "service_tier", "cache_control",
	"container", "context_management", "mcp_servers", "inference_geo", "speed", "diagnostics"}

func (c *checker) request(root fields) error {
	if err := only(root, "", parameters...); err != nil {
		return err
	}
	for _, check := range []func(fields) error{c.limits, c.sampling, c.stops, c.metadata, c.definitions, c.reasoning, c.choice, c.output, c.system, c.conversation} {
		if err := check(root); err != nil {
			return err
		}
	}
	if err := c.mark(root, "cache_control"); err != nil {
		return err
	}
	if c.marks > 4 {
		return fmt.Errorf("a maximum of 4 blocks with cache_control may be provided, found %d", c.marks)
	}
	return nil
}

func (c *checker) limits(root fields) error {
	n, ok := integer(root["max_tokens"])
	if !ok {
		return fmt.Errorf("max_tokens: Field required")
	}
	if n < 1 || n > c.model.limit {
		return fmt.Errorf("max_tokens: %d is not between 1 and %d", n, c.model.limit)
	}
	c.limit = n
	if v, ok := root["stream"]; ok {
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("stream: must be a boolean")
		}
	}
	if v := root["service_tier"]; v != nil && v != "auto" && v != "standard_only" {
		return fmt.Errorf("service_tier: %v", v)
	}
	return nil
}

func (c *checker) sampling(root fields) error {
	for _, name := range []string{"temperature", "top_p"} {
		v, ok := root[name]
		if !ok {
			continue
		}
		f, err := number(v)
		if err != nil || f < 0 || f > 1 {
			return fmt.Errorf("%s: %v is not between 0 and 1", name, v)
		}
	}
	for _, name := range []string{"temperature", "top_p", "top_k"} {
		if _, ok := root[name]; ok && c.model.noSampling {
			return fmt.Errorf("%s: not supported on this model", name)
		}
	}
	if root["temperature"] != nil && root["top_p"] != nil && c.model.oneOfSampling {
		return fmt.Errorf("temperature and top_p cannot both be specified for this model")
	}
	return nil
}

func (c *checker) stops(root fields) error {
	v, ok := root["stop_sequences"]
	if !ok {
		return nil
	}
	l, ok := v.([]any)
	if !ok {
		return fmt.Errorf("stop_sequences: must be an array")
	}
	for i, s := range l {
		if text, ok := s.(string); !ok || strings.TrimSpace(text) == "" {
			return fmt.Errorf("stop_sequences.%d: each stop sequence must contain non-whitespace", i)
		}
	}
	return nil
}

var personal = regexp.MustCompile(`^[^@\s]+@[^@\s]+$|^\+?[0-9 ()-]{7,}$`)

func (c *checker) metadata(root fields) error {
	v, ok := root["metadata"]
	if !ok {
		return nil
	}
	m, ok := v.(fields)
	if !ok {
		return fmt.Errorf("metadata: must be an object")
	}
	if err := only(m, "metadata", "user_id"); err != nil {
		return err
	}
	if id, _ := m["user_id"].(string); len(id) > 256 || personal.MatchString(id) {
		return fmt.Errorf("metadata.user_id: too long, or a personal identifier")
	}
	return nil
}

// mark counts a cache mark of a block.
func (c *checker) mark(block fields, at string) error {
	v, ok := block["cache_control"]
	if !ok || v == nil {
		return nil
	}
	m, ok := v.(fields)
	if !ok || m["type"] != "ephemeral" {
		return fmt.Errorf("%s: type must be ephemeral", at)
	}
	if err := only(m, at, "type", "ttl", "scope"); err != nil {
		return err
	}
	if ttl := m["ttl"]; ttl != nil && ttl != "5m" && ttl != "1h" {
		return fmt.Errorf("%s.ttl: %v", at, ttl)
	}
	c.marks++
	return nil
}

// only refuses members that are not known.
func only(v fields, at string, names ...string) error {
	for name := range v {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s.%s: Extra inputs are not permitted", at, name)
		}
	}
	return nil
}

func integer(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

func number(v any) (float64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("no number")
	}
	return n.Float64()
}

func text(v any) string { s, _ := v.(string); return s }
