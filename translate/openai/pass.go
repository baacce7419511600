package openai

import (
	"cmp"
	"slices"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// PatchRequest gives the edits that make a client's body fit the target: the provider's
// model name, usage in streams, and no reasoning that would be refused.
func (Dialect) PatchRequest(doc *scan.Doc, x *translate.Exchange) ([]scan.Edit, *translate.Error) {
	root := doc.Root()
	edits := reasoningEdits(nil, root.Get("messages"), x)
	if m := root.Get("model"); !m.Text().Equal(x.Target.Model) {
		edits = append(edits, scan.Edit{Start: m.Start(), End: m.End(), With: quoted(x.Target.Model)})
	}
	if x.Request != nil && x.Request.Stream {
		edits = append(edits, usageEdits(root)...)
	} else if options := root.Get("stream_options"); !options.IsNull() { // refused without stream
		edits = append(edits, scan.Edit{Start: options.Start(), End: options.End(), With: []byte("null")})
	}
	slices.SortStableFunc(edits, func(a, b scan.Edit) int { return cmp.Compare(a.Start, b.Start) })
	return edits, nil
}

func quoted(s string) []byte { return append(scan.AppendText([]byte{'"'}, s), '"') }

// usageEdits make a stream tell its usage (rule G7).
func usageEdits(root scan.Value) []scan.Edit {
	options := root.Get("stream_options")
	if options.Kind() != scan.Object {
		if options.Exists() {
			return []scan.Edit{{Start: options.Start(), End: options.End(), With: []byte(`{"include_usage":true}`)}}
		}
		at := root.End() - 1
		return []scan.Edit{{Start: at, End: at, With: []byte(`,"stream_options":{"include_usage":true}`)}}
	}
	include := options.Get("include_usage")
	switch {
	case include.True():
		return nil
	case include.Exists():
		return []scan.Edit{{Start: include.Start(), End: include.End(), With: []byte("true")}}
	}
	with := []byte(`"include_usage":true`)
	if options.Len() > 0 {
		with = append(with, ',')
	}
	return []scan.Edit{{Start: options.Start() + 1, End: options.Start() + 1, With: with}}
}

// PassResponse hands a whole answer on with the logical model name.
func (Dialect) PassResponse(dst []byte, doc *scan.Doc, x *translate.Exchange) ([]byte, translate.Seen) {
	v := doc.Root()
	var tier served
	seen := translate.Seen{ID: v.Get("id").Str(), Model: v.Get("model").Str(), Usage: tier.usage(v)}
	if seen.Err = errorIn(v); seen.Err != nil {
		return dst, seen
	}
	seen.Content, seen.Done = true, true
	first := v.Get("choices").First()
	if reason := first.Get("finish_reason").Str(); reason != "" {
		seen.Stop = &translate.Stop{Reason: stopReason(reason), Native: reason}
	} else if !tells(first.Get("message")) { // neither an answer nor a reason for there being none (5.5)
		seen.Err = translate.EndOf(nil, false)
		return dst, seen
	}
	for c := range v.Get("choices").Elements() {
		seen.Images += c.At("message", "images").Len()
	}
	return appendRenamed(dst, doc.Source(), v.Get("model"), x.Model), seen
}

// appendRenamed appends a document with its model replaced.
func appendRenamed(dst, src []byte, model scan.Value, name string) []byte {
	if model.Kind() != scan.String || model.Text().Equal(name) {
		return append(dst, src...)
	}
	dst = append(dst, src[:model.Start()]...)
	dst = scan.AppendText(append(dst, '"'), name)
	return append(append(dst, '"'), src[model.End():]...)
}
