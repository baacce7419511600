package openrouter

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rickyjim626/xjp-gateway/prices"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// MaxPrice is the most that the providers behind OpenRouter may ask, in decimals of USD: for
// a million tokens of prompt and completion, for each request, and for each image of the
// prompt. What is not set is not bounded.
type MaxPrice struct {
	Prompt     json.Number `json:"prompt,omitempty"`
	Completion json.Number `json:"completion,omitempty"`
	Request    json.Number `json:"request,omitempty"`
	Image      json.Number `json:"image,omitempty"`
}

// unit is what OpenRouter's max_price has one price for.
type unit struct {
	name   string
	of     func(*MaxPrice) *json.Number
	parse  func(string) (prices.Rate, error)
	format func(prices.Rate) string
}

// units are those that can be bounded. Prices of tokens are per million there, unlike those
// of OpenRouter's list (D16).
var units = []unit{
	{"prompt", func(m *MaxPrice) *json.Number { return &m.Prompt }, prices.ParsePerMillion, prices.Rate.PerMillion},
	{"completion", func(m *MaxPrice) *json.Number { return &m.Completion }, prices.ParsePerMillion, prices.Rate.PerMillion},
	{"request", func(m *MaxPrice) *json.Number { return &m.Request }, prices.ParsePerUnit, prices.Rate.String},
	{"image", func(m *MaxPrice) *json.Number { return &m.Image }, prices.ParsePerUnit, prices.Rate.String},
}

// bound is the most that is paid for a unit.
type bound struct {
	*unit
	most prices.Rate
}

// bounds are the bounds that are set.
func (m *MaxPrice) bounds() ([]bound, error) {
	var list []bound
	for i := range units {
		u := &units[i]
		text := string(*u.of(m))
		if text == "" {
			continue
		}
		most, err := u.parse(text)
		if err != nil {
			return nil, fmt.Errorf("max_price: %s: %w", u.name, err)
		}
		list = append(list, bound{u, most})
	}
	return list, nil
}

// RewritesBody reports that the bounds of prices go into bodies.
func (c *Client) RewritesBody(*providers.Route) bool { return len(c.settings.bounds) > 0 }

// withBounds is a body that bounds the prices of the providers that OpenRouter may choose. A
// bound of its own stays where it is lower.
func withBounds(body []byte, bounds []bound) ([]byte, error) {
	v, err := scan.Parse(body)
	if err != nil {
		return nil, err
	}
	chosen := v.Get("provider")
	if chosen.Kind() != scan.Object && !chosen.IsNull() {
		return nil, translate.Invalid("provider", "provider must be an object")
	}
	w := emit.Writer{}
	if !chosen.Exists() {
		w.B = append(w.B, `,"provider":`...)
	}
	w.Object()
	for key, member := range chosen.Members() {
		if string(key) != "max_price" {
			w.Key(string(key))
			w.Raw(member.Raw())
		}
	}
	w.KeyObject("max_price")
	own := chosen.Get("max_price")
	for key, member := range own.Members() {
		if !isBounded(bounds, string(key)) {
			w.Key(string(key))
			w.Raw(member.Raw())
		}
	}
	for _, b := range bounds {
		w.KeyString(b.name, b.format(b.lower(own.Get(b.name))))
	}
	w.EndObject()
	w.EndObject()
	edit := scan.Edit{Start: v.End() - 1, End: v.End() - 1, With: w.B}
	if chosen.Exists() {
		edit.Start, edit.End = chosen.Start(), chosen.End()
	}
	return scan.Splice(nil, body, []scan.Edit{edit}), nil
}

func isBounded(bounds []bound, name string) bool {
	return slices.ContainsFunc(bounds, func(b bound) bool { return b.name == name })
}

// lower is the lower one of the bound and a price in a body, which may be a string there.
func (b *bound) lower(own scan.Value) prices.Rate {
	text := string(own.Raw())
	if own.Kind() == scan.String {
		text = own.Str()
	}
	if rate, err := b.parse(text); err == nil && max(0, rate) < max(0, b.most) {
		return rate
	}
	return b.most
}
