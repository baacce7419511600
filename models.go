package xjpgateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rickyjim626/xjp-gateway/registry"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
)

// listed is a model as clients are told of it.
type listed struct {
	id, name        string
	created         int64
	window, maximum int64
}

// modelEpoch is the date of models whose provider tells none.
var modelEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// listModels answers GET /v1/models and /v1/models/{id} in the shape of the caller's
// dialect, with the models that the site serves and the key may use.
func (c *call) listModels() error {
	all := c.modelList()
	if c.endpoint.model == "" {
		return c.writeModels(all)
	}
	id := strings.TrimSuffix(c.endpoint.model, "[1m]")
	for _, m := range all {
		if m.id == id {
			w := emit.Writer{B: getBuffer(0)}
			c.writeModel(&w, m)
			c.writeJSON(http.StatusOK, w.B)
			return nil
		}
	}
	c.model = id
	if match, ok := c.s.registry.Find(id); ok && c.visible(match.Model, id) {
		w := emit.Writer{B: getBuffer(0)}
		c.writeModel(&w, listed{id: id, name: id, created: modelEpoch.Unix(), window: match.Model.ContextWindow, maximum: match.Model.MaxOutput})
		c.writeJSON(http.StatusOK, w.B)
		return nil
	}
	return c.unknownModel()
}

// modelList gathers the models: plain names and aliases as configured, wildcards as
// far as the provider lists its models.
func (c *call) modelList() []listed {
	var all []listed
	seen := map[string]bool{}
	add := func(m listed) {
		if !seen[m.id] {
			seen[m.id] = true
			all = append(all, m)
		}
	}
	c.askProviders()
	for _, m := range c.s.registry.Models() {
		if m.IsPattern() {
			for _, found := range c.expand(m) {
				add(found)
			}
			continue
		}
		for _, name := range append([]string{m.Name}, m.Aliases...) {
			if !c.visible(m, name) {
				continue
			}
			add(listed{id: name, name: m.DisplayName, created: modelEpoch.Unix(), window: m.ContextWindow, maximum: m.MaxOutput})
		}
	}
	return all
}

// expand lists the models that a wildcard stands for, as far as the client may see them.
func (c *call) expand(m *registry.Model) []listed {
	before, after, _ := strings.Cut(m.Name, "*")
	var list []listed
	for _, r := range c.wildRoutes(m) {
		prefix, suffix, _ := strings.Cut(r.Upstream, "{model.rest}")
		for _, offered := range r.Data.(*route).upstream.offered() {
			rest, ok := strings.CutPrefix(offered.ID, prefix)
			if rest, ok2 := strings.CutSuffix(rest, suffix); ok && ok2 && rest != "" {
				id := before + rest + after
				if !c.visible(m, id) {
					continue
				}
				list = append(list, listed{
					id: id, name: orDefault(offered.DisplayName, id), created: orDefault(offered.Created, modelEpoch.Unix()),
					window: offered.ContextWindow, maximum: offered.MaxOutput,
				})
			}
		}
	}
	return list
}

// wildRoutes are the routes of a pattern whose providers tell what it stands for; none if
// the client may see none of its models.
func (c *call) wildRoutes(m *registry.Model) []*registry.Route {
	before, _, _ := strings.Cut(m.Name, "*")
	if !m.IsPattern() || !c.mayReach(before) {
		return nil
	}
	var list []*registry.Route
	for _, r := range m.Routes {
		if strings.Contains(r.Upstream, "{model.rest}") {
			list = append(list, r)
		}
	}
	return list
}

// mayReach reports whether the site and the key may list a model whose name begins so,
// without which there is no need to ask a provider.
func (c *call) mayReach(prefix string) bool {
	reaches := func(entry string) bool {
		known, _, _ := strings.Cut(entry, "*")
		return strings.HasPrefix(known, prefix) || known != entry && strings.HasPrefix(prefix, known)
	}
	return (len(c.h.Models) == 0 || slices.ContainsFunc(c.h.Models, reaches)) &&
		(c.key == nil || len(c.key.Scope.Models) == 0 || slices.ContainsFunc(c.key.Scope.Models, reaches))
}

// writeModels writes a list: a superset of both dialects' fields, paged as Anthropic's
// SDKs page it. An SDK's pager stops on has_more false (wire-openai-anthropic.md 7).
func (c *call) writeModels(all []listed) error {
	page, more := all, false
	if c.dialect == anthropicDialect {
		var err error
		if page, more, err = c.page(all); err != nil {
			return err
		}
	}
	w := emit.Writer{B: getBuffer(256 * len(page))}
	w.Object()
	w.KeyString("object", "list")
	w.KeyArray("data")
	for _, m := range page {
		c.writeModel(&w, m)
	}
	w.EndArray()
	if c.dialect == anthropicDialect {
		w.KeyBool("has_more", more)
		w.Key("first_id")
		writeEdge(&w, page, 0)
		w.Key("last_id")
		writeEdge(&w, page, len(page)-1)
	}
	w.EndObject()
	c.writeJSON(http.StatusOK, w.B)
	putBuffer(w.B)
	return nil
}

func writeEdge(w *emit.Writer, page []listed, i int) {
	if len(page) == 0 {
		w.Null()
		return
	}
	w.String(page[i].id)
}

// page cuts a list by limit, after_id and before_id.
func (c *call) page(all []listed) (page []listed, more bool, err error) {
	query := c.r.URL.Query()
	limit := 20
	if text := query.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 1000 {
			return nil, false, translate.Invalid("limit", "limit must be a number from 1 to 1000, not "+quoted(text))
		}
	}
	if id := query.Get("after_id"); id != "" {
		i := indexOf(all, id)
		if i < 0 { // from the beginning again would page for ever
			return nil, false, translate.Invalid("after_id", "after_id names no model: "+quoted(id))
		}
		all = all[i+1:]
	}
	if id := query.Get("before_id"); id != "" {
		i := indexOf(all, id)
		if i < 0 {
			return nil, false, translate.Invalid("before_id", "before_id names no model: "+quoted(id))
		}
		all = all[:i]
		return all[max(0, len(all)-limit):], len(all) > limit, nil
	}
	return all[:min(limit, len(all))], len(all) > limit, nil
}

// indexOf finds a model's place in a list, -1 if it is not there.
func indexOf(list []listed, id string) int {
	for i, m := range list {
		if m.id == id {
			return i
		}
	}
	return -1
}

// writeModel writes one model.
func (c *call) writeModel(w *emit.Writer, m listed) {
	w.Object()
	w.KeyString("id", m.id)
	if c.dialect == anthropicDialect {
		w.KeyString("type", "model")
		w.KeyString("display_name", m.name)
		w.KeyString("created_at", time.Unix(m.created, 0).UTC().Format(time.RFC3339))
		w.KeyString("lifecycle", "active")
	} else {
		w.KeyString("object", "model")
		w.KeyInt("created", m.created)
		w.KeyString("owned_by", "xjp")
	}
	if m.window > 0 {
		w.KeyInt("max_input_tokens", m.window)
	}
	if m.maximum > 0 {
		w.KeyInt("max_tokens", m.maximum)
	}
	w.EndObject()
}
