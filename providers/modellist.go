package providers

import (
	"errors"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// ParseModelList reads a list of models in the form of OpenAI, Anthropic or OpenRouter:
// an object with a member data, or the array itself.
func ParseModelList(body []byte) ([]Model, error) {
	v, err := scan.Parse(body)
	if err != nil {
		return nil, err
	}
	if v.Kind() == scan.Object {
		v = v.Get("data")
	}
	if v.Kind() != scan.Array {
		return nil, errors.New("the list of models has no data")
	}
	var list []Model
	for m := range v.Elements() {
		if id := m.Get("id").Str(); id != "" {
			list = append(list, parseModel(id, m))
		}
	}
	return list, nil
}

func parseModel(id string, m scan.Value) Model {
	out := Model{ID: id}
	for _, key := range []string{"display_name", "name"} {
		if out.DisplayName == "" {
			out.DisplayName = m.Get(key).Str()
		}
	}
	out.Created, _ = m.Get("created").Int()
	if at, err := time.Parse(time.RFC3339, m.Get("created_at").Str()); err == nil {
		out.Created = at.Unix()
	}
	for _, key := range []string{"context_length", "context_window", "max_model_len", "max_context_length", "max_input_tokens"} {
		if n, ok := m.Get(key).Int(); ok && out.ContextWindow == 0 {
			out.ContextWindow = n
		}
	}
	out.MaxOutput, _ = m.At("top_provider", "max_completion_tokens").Int()
	for _, key := range []string{"max_completion_tokens", "max_tokens"} {
		if n, ok := m.Get(key).Int(); ok && out.MaxOutput == 0 {
			out.MaxOutput = n
		}
	}
	return out
}

// TrimVersion takes a path's version off the end of a base address, so that addresses
// pasted with and without it both work.
func TrimVersion(address, version string) string {
	return strings.TrimSuffix(strings.TrimRight(address, "/"), version)
}
