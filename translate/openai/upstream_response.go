package openai

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// DecodeResponse reads a whole answer (4.2). It goes the way of a stream with one
// record, so that both give the same.
func (Dialect) DecodeResponse(doc *scan.Doc, x *translate.Exchange) (*translate.Response, *translate.Error) {
	v := doc.Root()
	if err := errorIn(v); err != nil {
		return nil, err
	}
	choices := v.Get("choices")
	if choices.Kind() != scan.Array || choices.Len() == 0 {
		return nil, translate.EndOf(nil, false)
	}
	d := &decoder{x: x}
	d.record(v)
	d.done()
	fold := translate.NewFold(x)
	for i := range d.events {
		fold.Add(&d.events[i])
	}
	r, err := fold.Response()
	if err != nil {
		return nil, err
	}
	if audio := choices.First().At("message", "audio", "transcript").Text(); len(audio) > 0 && len(r.Choices) > 0 {
		r.Choices[0].Blocks = append(r.Choices[0].Blocks, translate.Block{Kind: translate.TextBlock, Text: audio})
	}
	return r, nil
}

// readImage reads a picture that the model made; nil if it is in no form we know.
func readImage(v scan.Value) *translate.Media {
	url := v.At("image_url", "url").Text()
	if len(url) == 0 {
		return nil
	}
	if !media.IsDataURL(url) {
		return &translate.Media{Kind: translate.Image, URL: url}
	}
	mediaType, data, err := media.ParseDataURL(url.Bytes())
	if err != nil {
		return nil
	}
	return &translate.Media{Kind: translate.Image, Type: mediaType, Data: bytes.Clone(data)}
}
