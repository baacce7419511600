package anthropic

import (
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// DecodeResponse reads a whole answer (4.2).
func (Dialect) DecodeResponse(doc *scan.Doc, x *translate.Exchange) (*translate.Response, *translate.Error) {
	v := doc.Root()
	if err := errorIn(v); err != nil {
		return nil, err
	}
	content := v.Get("content")
	r := &translate.Response{ID: v.Get("id").Str(), Model: v.Get("model").Str()}
	MergeUsage(&r.Usage, v.Get("usage"))
	c := translate.Choice{}
	if v.Get("stop_reason").Kind() == scan.String {
		c.Stop = *readStop(v, x)
	}
	for b := range content.Elements() {
		c.Blocks = append(c.Blocks, answerBlock(b, x))
	}
	r.Choices = []translate.Choice{c}
	return r, nil
}

// errorIn finds an error in what came with a 200; what is no answer at all is one, too.
func errorIn(v scan.Value) *translate.Error {
	switch {
	case v.Get("type").Text().Equal("error"), !v.Get("error").IsNull():
		return upstreamError(200, translate.ReadError(v))
	case v.Get("content").Kind() != scan.Array, !v.Get("id").Exists() && !v.Get("usage").Exists(): // Clewdr's canned words (E2)
		return translate.EndOf(nil, false)
	}
	return nil
}

// tier gives Chat's word for a service tier.
func tier(word scan.Text) string {
	switch string(word) {
	case "standard":
		return "default"
	case "priority":
		return "priority"
	}
	return ""
}

// answerBlock reads a block of an answer.
func answerBlock(v scan.Value, x *translate.Exchange) translate.Block {
	switch kind := v.Get("type").Str(); kind {
	case "text":
		b := translate.Block{Kind: translate.TextBlock, Text: v.Get("text").Text()}
		for c := range v.Get("citations").Elements() {
			b.Citations = append(b.Citations, *readCitation(c))
		}
		return b
	case "thinking":
		r := &translate.Reasoning{Text: v.Get("thinking").Text()}
		if s := v.Get("signature").Text(); len(s) > 0 {
			r.Signature = &translate.Signature{Family: translate.FamilyAnthropic, Value: s}
		}
		return translate.Block{Kind: translate.ReasoningBlock, Reasoning: r}
	case "redacted_thinking":
		return translate.Block{Kind: translate.ReasoningBlock, Reasoning: redacted(v.Get("data").Text())}
	case "tool_use":
		return answerCall(v, x)
	default:
		return translate.Block{Kind: translate.OpaqueBlock, Opaque: &translate.Opaque{Dialect: "anthropic", Type: kind, Raw: v.Raw()}}
	}
}

func answerCall(v scan.Value, x *translate.Exchange) translate.Block {
	name, input := v.Get("name").Text(), v.Get("input").Raw()
	if x.FormatTool != "" && name.Equal(x.FormatTool) {
		return translate.Block{Kind: translate.TextBlock, Text: emit.AppendEscaped(nil, input)}
	}
	if v.Get("input").IsNull() {
		input = nil
	}
	c := &translate.Call{ID: v.Get("id").Text(), Name: x.ToolName(name), Args: input}
	if x.IsCustom(c.Name) {
		c.Custom, c.Args, c.Input = true, nil, translate.CustomInput(emit.AppendEscaped(nil, input))
	}
	return translate.Block{Kind: translate.CallBlock, Call: c}
}

// DecodeError reads the body of an error answer, also that of Google's front end before
// Claude on Vertex AI.
func (Dialect) DecodeError(status int, body []byte) *translate.Error {
	return upstreamError(status, translate.ReadErrorBody(body))
}

// statuses are the statuses of Messages' error types, for errors inside a 200.
var statuses = map[string]int{
	"invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
	"not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529,
}

// upstreamError says what an error of a Messages provider means.
func upstreamError(status int, b translate.ErrorBody) *translate.Error {
	if status == 200 {
		if status = statuses[b.Type]; status == 0 {
			status = 500
		}
	}
	means := status
	if b.Type == "overloaded_error" { // whatever its status
		means = 529
	}
	e := translate.NewUpstreamError(means, b)
	e.Status = status
	switch {
	case status == 400 && refusesAccount(b.Message):
		e.Kind = translate.ErrUpstreamAuth
		e.Retell()
	case status == 400 && strings.HasPrefix(b.Message, "Output blocked by content filtering policy"):
		e.Kind = translate.ErrContent
		e.Retell()
	case means >= 500 && means != 529:
		e.Overflows("")
	}
	return e
}

// refusesAccount reports whether a 400 is about the operator's account: no balance, a
// spending limit, an organization that was closed. Only the beginning is looked at, as the
// rest may be the client's own text.
func refusesAccount(message string) bool {
	return strings.HasPrefix(message, "Your credit balance") ||
		strings.HasPrefix(message, "You have reached your specified API usage limits") ||
		strings.HasPrefix(message, "This organization has been disabled")
}
