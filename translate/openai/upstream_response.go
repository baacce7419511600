package openai

import (
	"bytes"
	"strings"

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

// DecodeError reads the body of an error answer.
func (Dialect) DecodeError(status int, body []byte) *translate.Error {
	return upstreamError(status, translate.ReadErrorBody(body))
}

// upstreamError says what an error of a Chat provider means.
func upstreamError(status int, b translate.ErrorBody) *translate.Error {
	if status == 200 { // an error in a 200: its code may be a status
		status = statusOf(b)
	}
	e := translate.NewUpstreamError(status, b)
	word := b.Code + " " + b.Type + " " + b.Error.Get("error_type").Str() + " " + b.Error.At("metadata", "error_type").Str()
	switch {
	case strings.Contains(word, "context_length_exceeded"), e.Kind == translate.ErrTooLarge && status != 413:
		e.Overflows("context_length_exceeded")
	case strings.Contains(word, "content_policy_violation"), strings.Contains(word, "content_filter"), strings.Contains(word, "invalid_prompt"):
		e.Kind, e.Code = translate.ErrContent, ""
		e.Message = b.Message
	case strings.Contains(word, "insufficient_quota"):
		e.Kind, e.Code, e.Message = translate.ErrUpstreamAuth, "", "the provider refused the gateway's own credential"
	case strings.Contains(word, "model_not_found"):
		e.Kind, e.Code, e.Message = translate.ErrModel, "", "the provider does not know the model"
	case status >= 500:
		e.Overflows("")
	}
	return e
}

// statusOf gives the status that an error in a 200 would have had.
func statusOf(b translate.ErrorBody) int {
	code := 0
	for _, c := range b.Code {
		if c < '0' || c > '9' {
			code = 0
			break
		}
		code = code*10 + int(c-'0')
	}
	if code >= 400 && code < 600 {
		return code
	}
	switch {
	case strings.Contains(b.Type, "rate_limit"), strings.Contains(b.Code, "rate_limit"):
		return 429
	case strings.Contains(b.Type, "overloaded"), strings.Contains(b.Code, "overloaded"):
		return 503
	case b.Type == "invalid_request_error":
		return 400
	}
	return 502
}
