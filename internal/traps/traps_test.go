package traps

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// lists are the numbered lists of the notes: the word before the number, and the last number.
var lists = []struct {
	word string
	last int
}{
	{"trap ", 125}, // between Chat and Messages
	{"A", 48},      // requests to Gemini and Vertex AI
	{"B", 27},      // answers of Gemini and Vertex AI
	{"C", 11},      // Gemini as a client's dialect
	{"D", 32},      // OpenRouter
	{"E", 19},      // Clewdr
	{"CC", 37},     // Claude Code
	{"CX", 13},     // Codex
	{"GC", 9},      // Gemini CLI
	{"pain ", 40},  // how gateways fail their users
	{"check ", 25}, // what a Caddy user expects
}

var numbered = regexp.MustCompile(`^((?:trap |pain |check |CC|CX|GC|[A-E])\d+): .`)

// TestEachIsShownOrListed compares the lists with the tests and with the page.
func TestEachIsShownOrListed(t *testing.T) {
	root := filepath.Join("..", "..")
	shown, listed := shownByTests(t, root), listedOnPage(t, filepath.Join(root, "docs", "uncovered.md"))
	all := map[string]bool{}
	for _, list := range lists {
		var missing []string
		for n := 1; n <= list.last; n++ {
			id := list.word + strconv.Itoa(n)
			all[id] = true
			switch {
			case shown[id] == "" && !listed[id]:
				missing = append(missing, id)
			case shown[id] != "" && listed[id]:
				t.Errorf("%s is listed as uncovered, yet %s shows it", id, shown[id])
			}
		}
		if missing != nil {
			t.Errorf("neither shown by a test nor listed in docs/uncovered.md: %s", strings.Join(missing, ", "))
		}
	}
	for id, file := range shown {
		if !all[id] {
			t.Errorf("%s: no list has %s", file, id)
		}
	}
	for id := range listed {
		if !all[id] {
			t.Errorf("docs/uncovered.md: no list has %s", id)
		}
	}
}

// shownByTests finds the string literals of test files that begin with a number of a
// list, and tells the file of each.
func shownByTests(t *testing.T, root string) map[string]string {
	shown := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					if m := numbered.FindStringSubmatch(text); m != nil {
						shown[m[1]] = path
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

// row is a line of the page's tables: numbers, or spans of them, and a reason.
var row = regexp.MustCompile(`^\| ([^|]+?) \| ([^|]+?) \|$`)

var span = regexp.MustCompile(`^((?:trap |pain |check |CC|CX|GC|[A-E]))(\d+)(?:–(\d+))?$`)

// listedOnPage reads the page's tables.
func listedOnPage(t *testing.T, path string) map[string]bool {
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for i, line := range strings.Split(string(page), "\n") {
		m := row.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(m[1], "---") || m[1] == "Number" {
			continue
		}
		for _, item := range strings.Split(m[1], ", ") {
			ids, err := spread(item)
			if err != nil {
				t.Errorf("docs/uncovered.md:%d: %v", i+1, err)
			}
			for _, id := range ids {
				listed[id] = true
			}
		}
	}
	return listed
}

// spread tells the numbers of an item such as "D12" or "C1–C11" written "C1–11".
func spread(item string) ([]string, error) {
	m := span.FindStringSubmatch(item)
	if m == nil {
		return nil, fmt.Errorf("%q is neither a number of a list nor a span", item)
	}
	first, _ := strconv.Atoi(m[2])
	last := first
	if m[3] != "" {
		last, _ = strconv.Atoi(m[3])
	}
	var ids []string
	for n := first; n <= last; n++ {
		ids = append(ids, m[1]+strconv.Itoa(n))
	}
	return ids, nil
}
