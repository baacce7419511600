package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)

// TestLinks checks that relative links and anchors lead somewhere.
func TestLinks(t *testing.T) {
	all := map[string]*page{}
	for _, p := range pages(t) {
		all[p.name] = p
	}
	checked := 0
	for _, p := range all {
		for _, l := range p.lines {
			if l.block != "" {
				continue
			}
			for _, m := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(l.text, "code"), -1) {
				target, anchor, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, "://") {
					continue
				}
				checked++
				name := p.name
				if target != "" {
					name = path.Join(path.Dir(p.name), target)
				}
				if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
					t.Errorf("%s:%d: %s leads nowhere", p.name, l.number, m[1])
					continue
				}
				if anchor != "" && (all[name] == nil || !all[name].anchors()[anchor]) {
					t.Errorf("%s:%d: %s has no heading #%s", p.name, l.number, name, anchor)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no link was found")
	}
}

// marks lists the marks of the feature table: true for what works.
func (p *page) marks() []bool {
	var list []bool
	for _, l := range p.lines {
		if l.block != "" {
			continue
		}
		if strings.HasPrefix(l.text, "| ✅ |") || strings.HasPrefix(l.text, "| | ") && len(list) > 0 {
			list = append(list, strings.Contains(l.text, "✅"))
		}
	}
	return list
}

// TestLanguages checks that the READMEs say the same.
func TestLanguages(t *testing.T) {
	english, chinese := read(t, "README.md"), read(t, "README.zh-CN.md")
	level := func(headings []string) (list []string) {
		for _, h := range headings {
			list = append(list, heading.FindStringSubmatch(h)[1])
		}
		return list
	}
	if a, b := level(english.headings()), level(chinese.headings()); !slices.Equal(a, b) {
		t.Errorf("the headings are %q and %q", english.headings(), chinese.headings())
	}
	a, b := english.blocks(""), chinese.blocks("")
	if len(a) != len(b) {
		t.Fatalf("there are %d and %d code blocks", len(a), len(b))
	}
	for i := range a {
		if a[i].lang != b[i].lang || a[i].text != b[i].text {
			t.Errorf("the code differs: lines %d and %d", a[i].line, b[i].line)
		}
	}
	if a, b := english.marks(), chinese.marks(); len(a) < 10 || !slices.Equal(a, b) {
		t.Errorf("the features are marked %v and %v", a, b)
	}
	targets := func(p *page) (list []string) {
		for _, l := range p.lines {
			for _, m := range link.FindAllStringSubmatch(l.text, -1) {
				if l.block == "" && !strings.HasPrefix(m[1], "README") {
					list = append(list, m[1])
				}
			}
		}
		return list
	}
	if a, b := targets(english), targets(chinese); !slices.Equal(a, b) {
		t.Errorf("the links are %q and %q", a, b)
	}
}

// TestCode checks that Go code which is shown stands in the repository, whole and as it
// is shown.
func TestCode(t *testing.T) {
	files := []string{"examples/echo/echo.go", "translate/dialect.go"}
	shown := map[string]bool{}
	for _, p := range pages(t) {
		for _, b := range p.blocks("go") {
			found := false
			for _, name := range files {
				if strings.Contains(source(t, name), b.text) {
					found, shown[name] = true, true
				}
			}
			if !found {
				t.Errorf("%s:%d: the code is in none of %q", b.page, b.line, files)
			}
		}
	}
	example := source(t, files[0])
	if !slices.ContainsFunc(read(t, "CONTRIBUTING.md").blocks("go"), func(b block) bool { return b.text == example }) {
		t.Errorf("CONTRIBUTING.md does not show %s as it is", files[0])
	}
	for _, name := range files {
		if !shown[name] {
			t.Errorf("nothing of %s is shown", name)
		}
	}
}
