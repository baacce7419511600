package anthropic

import (
	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Remote is a medium that a request names by URL.
type Remote struct {
	// Source is the source object.
	Source scan.Value
	URL    string
	// Field is where it stands.
	Field string
	Kind  translate.MediaKind
}

// RemoteMedia lists the media that a body names by URL, in the order of the document.
func RemoteMedia(doc *scan.Doc) []Remote {
	var list []Remote
	turn := 0
	for m := range doc.Root().Get("messages").Elements() {
		list = remoteIn(list, m.Get("content"), turn)
		turn++
	}
	return list
}

func remoteIn(list []Remote, content scan.Value, turn int) []Remote {
	i := 0
	for b := range content.Elements() {
		if source := b.Get("source"); source.Get("type").Text().Equal("url") {
			r := Remote{Source: source, URL: source.Get("url").Str(), Field: translate.At{Field: "messages", Turn: turn, Part: i}.String()}
			if b.Get("type").Text().Equal("document") {
				r.Kind = translate.Document
			}
			list = append(list, r)
		}
		if b.Get("type").Text().Equal("tool_result") {
			list = remoteIn(list, b.Get("content"), turn)
		}
		i++
	}
	return list
}

// Base64Source writes a source object that holds data.
func Base64Source(mediaType string, data []byte) []byte {
	out := append([]byte(`{"type":"base64","media_type":"`), media.Canonical(mediaType)...)
	out = append(out, `","data":"`...)
	out = append(out, data...)
	return append(out, `"}`...)
}
