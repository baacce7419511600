package predecessor

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Models writes the predecessor's file of models, which is TOML, as a Caddyfile. What has no
// place there is told in comments at its place, and listed in losses.
func Models(file []byte) (caddyfile string, losses []string, err error) {
	var doc map[string]any
	meta, err := toml.Decode(string(file), &doc)
	if err != nil {
		return "", nil, fmt.Errorf("the file of models: %w", err)
	}
	models, ok := doc["models"].(map[string]any)
	if !ok || len(models) == 0 {
		return "", nil, fmt.Errorf(`the file of models: it has no table [models."name".primary]`)
	}
	w := &writer{}
	for _, name := range orderOf(meta, "models") {
		w.model(name, models[name], orderOf(meta, "models", name))
	}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		if name != "models" {
			w.lose(0, fmt.Sprintf("the setting %.80q", name))
		}
	}
	return w.file(), w.losses, nil
}

// orderOf lists the keys of a table in the order of the file.
func orderOf(meta toml.MetaData, table ...string) (names []string) {
	for _, key := range meta.Keys() {
		if len(key) > len(table) && slices.Equal([]string(key[:len(table)]), table) && !slices.Contains(names, key[len(table)]) {
			names = append(names, key[len(table)])
		}
	}
	return names
}

// providers are those of the predecessor, by their names in lower case: what is written of
// each. The names of the environment are the predecessor's own.
var providers = map[string]string{
	"openrouter": `
		provider openrouter {
			api_key {env.OPENROUTER_API_KEY}
			base_url "{$OPENROUTER_BASE_URL}"
			optional
		}
`,
	"vertex": `
		provider vertex {
			api_key {env.VERTEX_API_KEY}
			access_token {env.VERTEX_ACCESS_TOKEN}
			project {env.VERTEX_PROJECT}
			region {env.VERTEX_REGION}
			optional
		}
`,
	"clewdr": `
		provider clewdr {
			base_url {env.CLEWDR_BASE_URL}
			api_key {env.CLEWDR_API_KEY}
			optional
		}
`,
}

// writer writes the models one by one.
type writer struct {
	models strings.Builder
	end    strings.Builder
	used   map[string]bool // providers
	losses []string
}

// file puts all together.
func (w *writer) file() string {
	var b strings.Builder
	b.WriteString("# From the predecessor's file of models.\n{\n\txjp {")
	for _, name := range slices.Sorted(maps.Keys(w.used)) {
		b.WriteString(strings.TrimSuffix(providers[name], "\n") + "\n")
	}
	b.WriteString(w.models.String())
	b.WriteString(w.end.String())
	b.WriteString("\t}\n}\n\n:{$PORT:8080} {\n\txjp_gateway\n}\n")
	return b.String()
}

// lose tells in a comment what is not carried over. It stands behind the models, unless it
// belongs to one, at a depth of indentation.
func (w *writer) lose(depth int, what string) {
	w.losses = append(w.losses, what)
	b, indent := &w.models, strings.Repeat("\t", depth)
	if depth == 0 {
		b, indent = &w.end, "\t\t"
	}
	fmt.Fprintf(b, "%s# Not carried over: %s.\n", indent, strings.Map(printable, what))
}

// printable keeps a comment on its line, and Caddy from reading {$NAME} in it.
func printable(c rune) rune {
	if c < ' ' || c == 0x7f || c == '{' || c == '}' {
		return ' '
	}
	return c
}

// model writes a model: its primary route first, and all others as fallbacks.
func (w *writer) model(name string, value any, order []string) {
	parts, _ := value.(map[string]any)
	w.models.WriteString("\n")
	word, err := wordOf(name)
	if err != nil || strings.Count(name, "*") > 1 {
		w.lose(2, fmt.Sprintf("the model %.80q, whose name Caddy cannot have", name))
		return
	}
	routes := routesOf(parts, order)
	if !slices.ContainsFunc(routes, isServed) {
		w.lose(2, fmt.Sprintf("the model %.80q, which has no provider that is known here", name))
		return
	}
	fmt.Fprintf(&w.models, "\t\tmodel %s {\n", word)
	directive := "route"
	for _, r := range routes {
		if !isServed(r) {
			w.lose(3, fmt.Sprintf("the route %.80q of %.80q, whose provider or model is not known here", r.name, name))
			continue
		}
		w.route(directive, name, r)
		directive = "fallback"
	}
	for _, part := range order {
		if _, isTable := parts[part].(map[string]any); !isTable {
			w.lose(3, fmt.Sprintf("the setting %.80q of %.80q", part, name))
		}
	}
	w.models.WriteString("\t\t}\n")
}

// route is a way to a model, as the predecessor has it.
type route struct {
	name     string
	settings map[string]any
}

func (r route) text(name string) string {
	text, _ := r.settings[name].(string)
	return text
}

// routesOf lists the routes of a model, the primary one first.
func routesOf(parts map[string]any, order []string) (list []route) {
	for _, name := range order {
		settings, ok := parts[name].(map[string]any)
		switch {
		case !ok:
		case name == "primary":
			list = slices.Insert(list, 0, route{name, settings})
		default:
			list = append(list, route{name, settings})
		}
	}
	return list
}

// isServed reports whether a route can be written.
func isServed(r route) bool {
	_, err := wordOf(r.text("provider_model_id"))
	return err == nil && providers[strings.ToLower(r.text("provider"))] != ""
}

// route writes a route of a model.
func (w *writer) route(directive, model string, r route) {
	provider := strings.ToLower(r.text("provider"))
	if w.used == nil {
		w.used = map[string]bool{}
	}
	w.used[provider] = true
	upstream, _ := wordOf(strings.TrimPrefix(r.text("provider_model_id"), "publishers/google/models/"))
	fmt.Fprintf(&w.models, "\t\t\t%s %s %s", directive, provider, upstream)
	block := &writer{}
	for _, name := range slices.Sorted(maps.Keys(r.settings)) {
		block.setting(model, name, r.settings[name])
	}
	if block.models.Len() > 0 {
		fmt.Fprintf(&w.models, " {\n%s\t\t\t}", block.models.String())
	}
	w.models.WriteString("\n")
	w.losses = append(w.losses, block.losses...)
}

// setting writes a setting of a route.
func (w *writer) setting(model, name string, value any) {
	switch text, isText := value.(string); name {
	case "provider", "provider_model_id":
		return
	case "region", "project":
		if word, err := wordOf(text); isText && err == nil {
			fmt.Fprintf(&w.models, "\t\t\t\t%s %s\n", name, word)
			return
		}
	case "timeouts_ms":
		if w.timeouts(model, value) {
			return
		}
	}
	w.lose(4, fmt.Sprintf("the setting %.80q of %.80q", name, model))
}

// timeoutNames are the names that timeouts may have, with our own.
var timeoutNames = map[string]string{"total": "total", "request": "total", "first_token": "first_token", "first_byte": "first_token",
	"idle": "idle", "read": "idle", "stream": "stream_total", "stream_total": "stream_total"}

// timeouts writes timeouts: one for a whole answer, or several by name. It reports whether
// they can be read.
func (w *writer) timeouts(model string, value any) bool {
	table, ok := value.(map[string]any)
	if !ok {
		table = map[string]any{"total": value}
	}
	lines := map[string]string{}
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		ms, isNumber := table[name].(int64)
		ours := timeoutNames[name]
		if !isNumber || ms <= 0 || ours == "" || lines[ours] != "" {
			lost = append(lost, name)
			continue
		}
		lines[ours] = fmt.Sprintf("\t\t\t\t\t%s %dms\n", ours, ms)
	}
	if len(lines) == 0 {
		return false
	}
	w.models.WriteString("\t\t\t\ttimeout {\n")
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		w.models.WriteString(lines[name])
	}
	for _, name := range lost {
		w.lose(5, fmt.Sprintf("the timeout %.80q of %.80q", name, model))
	}
	w.models.WriteString("\t\t\t\t}\n")
	return true
}

// plain is a word that needs no quotes in a Caddyfile.
var plain = regexp.MustCompile(`^[A-Za-z0-9*][A-Za-z0-9*._:/@+~-]*$`)

// wordOf writes a text as a word of a Caddyfile. Braces would be placeholders there.
func wordOf(text string) (string, error) {
	switch {
	case plain.MatchString(text):
		return text, nil
	case text == "", strings.ContainsAny(text, "{}`\n\r\x00"):
		return "", fmt.Errorf("%.80q cannot stand in a Caddyfile", text)
	}
	return "`" + text + "`", nil
}
