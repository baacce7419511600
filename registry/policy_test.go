package registry

import (
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// TestParseNames: what String writes is read again, and what is not known is told together
// with what is.
func TestParseNames(t *testing.T) {
	for i, name := range policies {
		if p, err := ParsePolicy(name); err != nil || p != Policy(i) || p.String() != name {
			t.Errorf("%q: %v, %v", name, p, err)
		}
	}
	for i, name := range affinities {
		if a, err := ParseAffinity(name); err != nil || a != Affinity(i) || a.String() != name {
			t.Errorf("%q: %v, %v", name, a, err)
		}
	}
	for i, name := range classes[1:] {
		set, err := ParseClasses([]string{name})
		for c := range classes {
			if set.Has(Class(c)) != (c == i+1) {
				t.Errorf("%q holds %s: %v", name, Class(c), set.Has(Class(c)))
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	if p, err := ParsePolicy(""); p != First || err != nil {
		t.Errorf("no policy: %v, %v", p, err)
	}
	if a, err := ParseAffinity(""); a != AffinityOff || err != nil {
		t.Errorf("no affinity: %v, %v", a, err)
	}
	for _, test := range []struct {
		name  string
		parse func() error
		want  string
	}{
		{"policy", func() error { _, err := ParsePolicy("fastest"); return err }, `policy "fastest" is not known; it is one of first, weighted, least_latency, cheapest`},
		{"letter case", func() error { _, err := ParsePolicy("First"); return err }, `policy "First" is not known`},
		{"affinity", func() error { _, err := ParseAffinity("ip"); return err }, `affinity "ip" is not known; it is one of off, key, session`},
		{"class", func() error { _, err := ParseClasses([]string{"timeout", "5xx"}); return err }, `class of errors "5xx" is not known; there are rate_limit, overloaded`},
		{"empty class", func() error { _, err := ParseClasses([]string{""}); return err }, `class of errors "" is not known`},
		{"none and another", func() error { _, err := ParseClasses([]string{"timeout", "none"}); return err }, "none excludes all other classes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.parse(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestClasses goes through the sets that have names.
func TestClasses(t *testing.T) {
	all := classes[1:]
	unblocked := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == "content_blocked" })
	for _, test := range []struct {
		names string
		want  []string
	}{
		{"", unblocked}, {"default", unblocked}, {"all", all}, {"none", nil}, {"default content_blocked", all},
		{"timeout", []string{"timeout"}}, {"unsupported rate_limit timeout timeout", []string{"rate_limit", "timeout", "unsupported"}},
	} {
		t.Run(test.names, func(t *testing.T) {
			set, err := ParseClasses(strings.Fields(test.names))
			if err != nil {
				t.Fatal(err)
			}
			var has []string
			for c := range classes {
				if set.Has(Class(c)) {
					has = append(has, Class(c).String())
				}
			}
			if !slices.Equal(has, test.want) {
				t.Errorf("%v, want %v", has, test.want)
			}
		})
	}
}

// TestClassOf: failures of the request lead nowhere, all others have a class.
func TestClassOf(t *testing.T) {
	classed := map[translate.ErrorKind]Class{
		translate.ErrUpstreamLimit: ClassRateLimit, translate.ErrOverloaded: ClassOverloaded, translate.ErrTimeout: ClassTimeout,
		translate.ErrUpstream: ClassUpstream, translate.ErrInterrupted: ClassInterrupted, translate.ErrUpstreamAuth: ClassAuth,
		translate.ErrModel: ClassModel, translate.ErrNotFound: ClassModel, translate.ErrContext: ClassContext, translate.ErrContent: ClassContent,
		translate.ErrUnsupported: ClassUnsupported,
	}
	for kind := translate.ErrInvalid; kind <= translate.ErrUnsupported; kind++ {
		if got := ClassOf(kind); got != classed[kind] {
			t.Errorf("%v: %s, want %s", kind, got, classed[kind])
		}
	}
}

// TestNeeds: the first need that a route does not meet is named, and what is not known of
// it meets all.
func TestNeeds(t *testing.T) {
	every := Needs{Images: true, PDF: true, Audio: true, Video: true, Tools: true, Tokens: 1000}
	able := func(change func(*translate.Capabilities)) *translate.Capabilities {
		caps := &translate.Capabilities{Images: true, PDF: true, AudioIn: true, VideoIn: true, Tools: true, ContextWindow: 1000}
		change(caps)
		return caps
	}
	for _, test := range []struct {
		name  string
		needs Needs
		caps  *translate.Capabilities
		want  string
	}{
		{"nothing is known", every, nil, ""},
		{"nothing is needed", Needs{}, &translate.Capabilities{ContextWindow: 1}, ""},
		{"all is there", every, able(func(*translate.Capabilities) {}), ""},
		{"images", every, able(func(c *translate.Capabilities) { c.Images = false }), "images"},
		{"pdf", every, able(func(c *translate.Capabilities) { c.PDF = false }), "pdf"},
		{"audio", every, able(func(c *translate.Capabilities) { c.AudioIn = false }), "audio"},
		{"video", every, able(func(c *translate.Capabilities) { c.VideoIn = false }), "video"},
		{"tools", every, able(func(c *translate.Capabilities) { c.Tools = false }), "tools"},
		{"a window too small by a token", every, able(func(c *translate.Capabilities) { c.ContextWindow = 999 }), "context_window"},
		{"a window that is not known", every, able(func(c *translate.Capabilities) { c.ContextWindow = 0 }), ""},
		{"the first of several", every, &translate.Capabilities{PDF: true}, "images"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.needs.Lacks(test.caps); got != test.want {
				t.Errorf("lacks %q, want %q", got, test.want)
			}
		})
	}
}
