package docs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named finds the names that a pattern's group matches in source files, at least so many.
func named(t *testing.T, pattern string, least int, files ...string) []string {
	t.Helper()
	set := map[string]bool{}
	for _, f := range files {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(source(t, f), -1) {
			set[m[1]] = true
		}
	}
	if len(set) < least {
		t.Fatalf("only %d names by %s in %v", len(set), pattern, files)
	}
	return slices.Sorted(maps.Keys(set))
}

// placeholders are the names after http.xjp.
func placeholders(t *testing.T) []string {
	t.Helper()
	return named(t, `case "([a-z_.]+)":`, 14, "placeholders.go")
}

// metrics are the names after caddy_xjp_.
func metrics(t *testing.T) []string {
	t.Helper()
	return slices.Concat(named(t, `(?:counter|histogram)\("(\w+)"`, 6, "metrics.go"), named(t, `Name: "(\w+)"`, 3, "metrics.go"),
		named(t, `NewDesc\("caddy_xjp_(\w+)"`, 9, "statemetrics.go", "accountmetrics.go"))
}

// priceFields are the fields of prices and of their overrides that an operator writes.
func priceFields(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(named(t, `json:"(\w+)`, 20, "prices/form.go", "prices/hours.go"), func(name string) bool { return name == "source" })
}

// TestNames checks that what the gateway calls by a name in logs, metrics, spans,
// headers, commands and results is documented under it.
func TestNames(t *testing.T) {
	for _, test := range []struct {
		what, page string
		prefix     string
		names      []string
	}{
		{what: "metric", page: "observability", prefix: "caddy_xjp_", names: metrics(t)},
		{what: "label", page: "observability", names: named(t, `"(dialect|model|provider|status|stream|kind|action)"[,)}\]]`, 7, "metrics.go")},
		{what: "log field", page: "observability", names: named(t, `"(xjp_\w+)"`, 20, "logfields.go")},
		{what: "field of a failed attempt", page: "observability", names: named(t, `(?:String|Int)\("([a-z_]+)", `, 9, "logfields.go")},
		{what: "placeholder", page: "observability", prefix: "http.xjp.", names: placeholders(t)},
		{what: "attribute", page: "observability", names: named(t, `"((?:gen_ai|error)\.[\w.]+)"`, 11, "tracing.go")},
		{what: "kind of error", page: "errors", names: named(t, `translate\.Err\w+: "(\w+)"`, 20, "metrics.go")},
		{what: "kind of loss", page: "translation", names: named(t, `Action = "(\w+)"`, 4, "translate/loss.go")},
		{what: "flag", page: "configuration", prefix: "--", names: named(t, `Flags\(\)\.\w+\("([a-z]+)"`, 8, "command.go", "command_admin.go")},
		{what: "flag", page: "admin", prefix: "--", names: named(t, `Flags\(\)\.\w+\("([a-z-]+)"`, 30,
			"command_client.go", "command_usage.go", "command_captures.go", "command_billing.go", "command_models.go", "command_tenants.go", "command_keys.go", "command_fields.go")},
		{what: "field of a price", page: "configuration", names: priceFields(t)},
		{what: "field of the admin endpoint", page: "observability", names: named(t, `json:"(\w+)`, 40, "routestatus.go", "explain.go")},
		{what: "problem", page: "providers", names: named(t, `problem = "([a-z]+)[" ]`, 10, "diagnose.go")},
	} {
		known := read(t, "docs/"+test.page+".md").code()
		for _, name := range test.names {
			if name = test.prefix + name; !known[name] {
				t.Errorf("docs/%s.md does not mention the %s %s", test.page, test.what, name)
			}
		}
	}
}

// TestNothingInvented checks that the page on observability names nothing that the code
// does not.
func TestNothingInvented(t *testing.T) {
	existing := map[string]bool{}
	for _, name := range metrics(t) {
		existing["caddy_xjp_"+name] = true
	}
	for _, name := range named(t, `"(xjp_\w+)"`, 20, "logfields.go") {
		existing[name] = true
	}
	for _, name := range placeholders(t) {
		existing["http.xjp."+name] = true
	}
	for name := range read(t, "docs/observability.md").code() {
		ours := strings.HasPrefix(name, "caddy_xjp_") || strings.HasPrefix(name, "xjp_") || strings.HasPrefix(name, "http.xjp.")
		if ours && !existing[name] && name != "xjp_gateway" {
			t.Errorf("docs/observability.md names %s, which does not exist", name)
		}
	}
}

// TestDirectives checks that each directive of the demo is documented, and no other.
func TestDirectives(t *testing.T) {
	list := named(t, `demo:\\s\*\(([^)]*)\)`, 1, "providers/demo/directive.go")
	known := strings.Split(list[0], "|")
	if len(known) < 16 {
		t.Fatalf("only the directives %q were found", known)
	}
	text := source(t, "docs/providers.md")
	shown := regexp.MustCompile("(?m)^\\| `demo: ([a-z ]+)(?:`| <| \\[)").FindAllStringSubmatch(text, -1)
	var documented []string
	for _, m := range shown {
		documented = append(documented, strings.TrimSpace(m[1]))
	}
	slices.Sort(known)
	slices.Sort(documented)
	if !slices.Equal(known, documented) {
		t.Errorf("the demo knows %q, docs/providers.md lists %q", known, documented)
	}
}
