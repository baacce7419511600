package openai

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Remote is a medium that a request names by URL.
type Remote struct {
	// Value is the URL as it stands in the body.
	Value scan.Value
	URL   string
	// Field is where it stands.
	Field string
}

// RemoteParts lists the parts of a type, "image_url" or "video_url", that a body names by
// http or https URL, in the order of the document.
func RemoteParts(doc *scan.Doc, kind string) []Remote {
	messages := doc.Root().Get("messages")
	if !bytes.Contains(messages.Raw(), []byte(`"`+kind+`"`)) {
		return nil
	}
	var list []Remote
	turn := 0
	for m := range messages.Elements() {
		i := 0
		for part := range m.Get("content").Elements() {
			url := part.Get(kind)
			if url.Kind() == scan.Object {
				url = url.Get("url")
			}
			if t := url.Text(); t.HasPrefix("https:") || t.HasPrefix("http:") {
				list = append(list, Remote{Value: url, URL: url.Str(), Field: translate.At{Field: "messages", Turn: turn, Part: i}.String()})
			}
			i++
		}
		turn++
	}
	return list
}
