package anthropic

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Needs tells what a request's body demands of a model.
func Needs(doc *scan.Doc) translate.Needs {
	root := doc.Root()
	n := translate.Needs{Tools: root.Get("tools").Len() > 0}
	n.Answer, _ = root.Get("max_tokens").Int()
	for m := range root.Get("messages").Elements() {
		needsOf(&n, m.Get("content"))
	}
	return n
}

func needsOf(n *translate.Needs, content scan.Value) {
	for b := range content.Elements() {
		switch kind := b.Get("type").Text(); {
		case kind.Equal("image"):
			n.Images++
		case kind.Equal("document"):
			source := b.At("source", "type").Text()
			n.PDF = n.PDF || !source.Equal("text") && !source.Equal("content")
		case kind.Equal("tool_result"):
			needsOf(n, b.Get("content"))
		}
	}
}

// Session gives what a request tells of the session that it belongs to, "" if it tells
// nothing. Claude Code puts it into metadata.user_id, at first as
// user_<hash>_account_<id>_session_<id>, later as a JSON object with session_id
// (clients-need.md 3). What else stands there names a user, not a session.
func Session(doc *scan.Doc) string {
	user := doc.Root().At("metadata", "user_id").Str()
	if _, session, ok := strings.Cut(user, "_session_"); ok {
		return session
	}
	if strings.HasPrefix(user, "{") {
		if v, err := scan.Parse([]byte(user)); err == nil {
			return v.Get("session_id").Str()
		}
	}
	return ""
}

// Beginning visits the bytes by which a conversation is known from its first turn on: the
// system text and the first message. Of a list of system blocks the last is taken: Claude
// Code's first tells the client's version, its last is the prompt (claude-code-gateway.md).
func Beginning(doc *scan.Doc, visit func([]byte)) {
	root := doc.Root()
	system := root.Get("system")
	if system.Kind() == scan.Array {
		for b := range system.Elements() {
			system = b.Get("text")
		}
	}
	visit(system.Raw())
	visit(root.Get("messages").First().Get("content").Raw())
}
