package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	xjpgateway "github.com/rickyjim626/xjp-gateway"
	"github.com/rickyjim626/xjp-gateway/registry"
)

// parsers are the files that read Caddyfiles.
func parsers(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"caddyfile*.go", "providers/*/caddy.go", "providers/module/*.go", "stores/*/caddy.go", "state/*/caddy.go"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("no file %s: %v", pattern, err)
		}
		for _, f := range found {
			if !strings.HasSuffix(f, "_test.go") {
				list = append(list, f)
			}
		}
	}
	return list
}

var optionName = regexp.MustCompile(`^[a-z][a-z_]+$`)

// options lists what the parsers in a file look for: the strings of cases, of lists, of
// maps by option, and of comparisons with d.Val().
func options(t *testing.T, file string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil && optionName.MatchString(name) {
				set[name] = true
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CaseClause:
			for _, e := range n.List {
				add(e)
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if pair, ok := e.(*ast.KeyValueExpr); ok {
					add(pair.Key)
				} else {
					add(e)
				}
			}
		case *ast.BinaryExpr:
			if c, ok := n.X.(*ast.CallExpr); ok {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Val" {
					add(n.Y)
				}
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(set))
}

// documented is what the pages on options have in code.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, name := range []string{"docs/configuration.md", "docs/providers.md"} {
		maps.Copy(known, read(t, name).code())
	}
	return known
}

// TestOptions checks that each option that a Caddyfile can have is documented.
func TestOptions(t *testing.T) {
	known := documented(t)
	all := 0
	for _, file := range parsers(t) {
		for _, name := range options(t, file) {
			all++
			if !known[name] {
				t.Errorf("%s reads %q, which neither docs/configuration.md nor docs/providers.md mentions", file, name)
			}
		}
	}
	if all < 50 {
		t.Errorf("only %d options were found", all)
	}
}

// TestFields checks that each field of the JSON form is documented.
func TestFields(t *testing.T) {
	known := documented(t)
	maps.Copy(known, read(t, "CONTRIBUTING.md").code()) // has the example's
	types := []reflect.Type{reflect.TypeFor[xjpgateway.Config](), reflect.TypeFor[xjpgateway.Handler]()}
	for _, namespace := range []string{"xjp.providers", "xjp.stores", "xjp.state"} {
		for _, info := range caddy.GetModules(namespace) {
			types = append(types, reflect.TypeOf(info.New()).Elem())
		}
	}
	seen := map[reflect.Type]bool{}
	for len(types) > 0 {
		next := types[0]
		types = types[1:]
		for next.Kind() == reflect.Pointer || next.Kind() == reflect.Slice {
			next = next.Elem()
		}
		if next.Kind() != reflect.Struct || seen[next] || !strings.Contains(next.PkgPath(), "xjp-gateway") {
			continue
		}
		seen[next] = true
		for i := range next.NumField() {
			f := next.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || !f.IsExported() {
				continue
			}
			if types = append(types, f.Type); name == "" {
				continue
			}
			// A whole path such as fetch.allow is one word.
			if !known[name] && !slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(w string) bool {
				return strings.HasSuffix(w, "."+name) || strings.HasPrefix(w, name+".")
			}) {
				t.Errorf("the field %q of %s is not documented", name, next)
			}
		}
	}
	if len(seen) < 12 {
		t.Errorf("only the types %v were looked at", seen)
	}
}

// TestCapabilities checks that each flag of a model is documented.
func TestCapabilities(t *testing.T) {
	known := read(t, "docs/providers.md").code()
	for _, flag := range registry.CapabilityFlags() {
		if !known[flag] {
			t.Errorf("docs/providers.md does not mention the capability %s", flag)
		}
	}
}

// TestKinds checks that each kind of provider has a section.
func TestKinds(t *testing.T) {
	sections := read(t, "docs/providers.md").anchors()
	for _, info := range caddy.GetModules("xjp.providers") {
		if kind := info.ID.Name(); kind != "echo" && !sections[kind] {
			t.Errorf("docs/providers.md has no section on %s", kind)
		}
	}
}
