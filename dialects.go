package xjpgateway

import (
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// dialect is a dialect that clients speak.
type dialect struct {
	translate.Inbound
	translate.Passer
	// peek finds what routing needs in a body that is not decoded.
	peek func(*scan.Doc) (peeked, *translate.Error)
	// complete checks what a request for an answer must have beside that, nil if nothing.
	complete func(*scan.Doc) *translate.Error
	// needs, session and beginning tell what a route must be able to do, and which session
	// a request belongs to.
	needs     func(*scan.Doc) translate.Needs
	session   func(*scan.Doc) string
	beginning func(*scan.Doc, func([]byte))
}

// peeked is what routing needs to know of a request.
type peeked struct {
	model        string
	stream       bool
	includeUsage bool
}

// The dialects of clients, and the names under which configurations know them.
var (
	openaiDialect = &dialect{Inbound: openai.Dialect{}, Passer: openai.Dialect{}, needs: openai.Needs, session: openai.Session, beginning: openai.Beginning, peek: func(doc *scan.Doc) (peeked, *translate.Error) {
		model, stream, usage, err := openai.Peek(doc)
		return peeked{model, stream, usage}, err
	}}
	anthropicDialect = &dialect{Inbound: anthropic.Dialect{}, Passer: anthropic.Dialect{}, complete: anthropic.Complete, needs: anthropic.Needs, session: anthropic.Session, beginning: anthropic.Beginning, peek: func(doc *scan.Doc) (peeked, *translate.Error) {
		model, stream, err := anthropic.Peek(doc)
		return peeked{model, stream, true}, err
	}}
)

// dialectNames lists the dialects of clients.
func dialectNames() []string { return []string{"openai", "anthropic"} }

// outbound returns the provider's side of a dialect, nil if there is none.
func outbound(name string) translate.Outbound {
	switch name {
	case "openai":
		return openai.Dialect{}
	case "anthropic":
		return anthropic.Dialect{}
	case "gemini":
		return gemini.Dialect{}
	}
	return nil
}

func caddyDuration(d time.Duration) caddy.Duration { return caddy.Duration(d) }
