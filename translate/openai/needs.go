package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Needs tells what a request's body demands of a model.
func Needs(doc *scan.Doc) translate.Needs {
	root := doc.Root()
	n := translate.Needs{Tools: root.Get("tools").Len() > 0 || root.Get("functions").Len() > 0}
	for _, field := range [...]string{"max_completion_tokens", "max_tokens"} {
		if tokens, ok := root.Get(field).Int(); ok && n.Answer == 0 {
			n.Answer = tokens
		}
	}
	for m := range root.Get("messages").Elements() {
		n.Images += m.Get("images").Len() // of an earlier answer (provider-openrouter.md 2)
		for part := range m.Get("content").Elements() {
			switch kind := part.Get("type").Text(); {
			case kind.Equal("image_url"):
				n.Images++
			case kind.Equal("file"):
				n.PDF = true
			case kind.Equal("input_audio"):
				n.Audio = true
			case kind.Equal("video_url"):
				n.Video = true
			}
		}
	}
	return n
}

// Session gives what a request tells of the session that it belongs to, in the order in
// which it is to be trusted, "" if it tells nothing: a session in its metadata, the key of
// the prompt cache. OpenAI's API reference has both under "Create chat completion".
func Session(doc *scan.Doc) string {
	root := doc.Root()
	for _, v := range [...]scan.Value{root.At("metadata", "session_id"), root.Get("session_id"), root.Get("prompt_cache_key")} {
		if s := v.Str(); s != "" {
			return s
		}
	}
	return ""
}

// Beginning visits the bytes by which a conversation is known from its first turn on:
// everything up to its first user message.
func Beginning(doc *scan.Doc, visit func([]byte)) {
	for m := range doc.Root().Get("messages").Elements() {
		visit(m.Get("content").Raw())
		if m.Get("role").Text().Equal("user") {
			return
		}
	}
}
