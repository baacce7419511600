package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository from here.
const root = "../.."

// page is a page of the documentation.
type page struct {
	name  string // from the root, with slashes
	lines []line
}

// line is a line of a page. block is the language of the code block that it is in, with
// the number of its first line.
type line struct {
	number int
	text   string
	block  string
	first  int
}

// block is a fenced block of code.
type block struct {
	page string
	line int
	lang string
	text string
}

// pages reads all pages that people are led to.
func pages(t *testing.T) []*page {
	t.Helper()
	names := []string{"README.md", "README.zh-CN.md", "CONTRIBUTING.md"}
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no pages under docs: %v", err)
	}
	for _, f := range found {
		names = append(names, "docs/"+filepath.Base(f))
	}
	list := make([]*page, len(names))
	for i, name := range names {
		list[i] = read(t, name)
	}
	return list
}

// read reads one page.
func read(t *testing.T, name string) *page {
	t.Helper()
	p := &page{name: name}
	inside, lang, first := false, "", 0
	for i, text := range strings.Split(source(t, name), "\n") {
		fence, isFence := strings.CutPrefix(text, "```")
		switch {
		case isFence && inside:
			inside = false
		case isFence:
			inside, lang, first = true, fence, i+2
			if fence == "" {
				t.Errorf("%s:%d: a code block without a language", name, i+1)
			}
		case inside:
			p.lines = append(p.lines, line{i + 1, text, lang, first})
		default:
			p.lines = append(p.lines, line{number: i + 1, text: text})
		}
	}
	if inside {
		t.Errorf("%s:%d: the code block does not end", name, first)
	}
	return p
}

// source reads a file of the repository.
func source(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks lists a page's blocks of one language, of all with "".
func (p *page) blocks(lang string) []block {
	var list []block
	for _, l := range p.lines {
		if l.block == "" || lang != "" && l.block != lang {
			continue
		}
		if n := len(list); n == 0 || list[n-1].line != l.first {
			list = append(list, block{page: p.name, line: l.first, lang: l.block})
		}
		list[len(list)-1].text += l.text + "\n"
	}
	return list
}

var heading = regexp.MustCompile("^(#+) (.*)$")

// headings lists a page's headings with their marks.
func (p *page) headings() []string {
	var list []string
	for _, l := range p.lines {
		if l.block == "" && heading.MatchString(l.text) {
			list = append(list, l.text)
		}
	}
	return list
}

// noSlug is what an anchor leaves out of a heading.
var noSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)

// anchors are the anchors of a page's headings, as GitHub makes them.
func (p *page) anchors() map[string]bool {
	set := map[string]bool{}
	for _, h := range p.headings() {
		text := strings.ToLower(heading.FindStringSubmatch(h)[2])
		set[strings.ReplaceAll(noSlug.ReplaceAllString(text, ""), " ", "-")] = true
	}
	return set
}

var codeSpan = regexp.MustCompile("`+([^`]+)`+")

// word is what options, fields and metrics are made of.
var word = regexp.MustCompile(`[A-Za-z0-9_.-]+`)

// code is the set of words that a page has in code, in spans and in blocks.
func (p *page) code() map[string]bool {
	set := map[string]bool{}
	add := func(text string) {
		for _, w := range word.FindAllString(text, -1) {
			set[w] = true
		}
	}
	for _, l := range p.lines {
		if l.block != "" {
			add(l.text)
			continue
		}
		for _, m := range codeSpan.FindAllStringSubmatch(l.text, -1) {
			add(m[1])
		}
	}
	return set
}
