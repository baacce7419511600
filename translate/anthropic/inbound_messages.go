package anthropic

import (
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/media"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

var roles = map[string]translate.Role{"user": translate.User, "assistant": translate.Assistant, "system": translate.System}

// messages reads the conversation (3.2).
func (q *request) messages(list scan.Value) {
	if !q.NeedKind(list, scan.Array, translate.Top(), "messages") {
		return
	}
	i := 0
	for m := range list.Elements() {
		at := translate.Element("messages", i)
		i++
		if !q.NeedKind(m, scan.Object, at, "") {
			return
		}
		role := q.NeedText(m.Get("role"), at, ".role").String()
		known, ok := roles[role]
		if !ok {
			q.Fail(at, ".role", "must be user, assistant or system, not "+strconv.Quote(role))
			return
		}
		q.turn(known, q.content(m.Get("content"), at), at)
	}
	if i == 0 {
		q.Fail(translate.Top(), "messages", "must not be empty")
	}
}

// turn adds a turn whose blocks are all such as its role may hold. The summary of a
// compaction stands for what was said before it, so it is told by the user.
func (q *request) turn(role translate.Role, blocks []translate.Block, at translate.At) {
	for i := range blocks {
		b := &blocks[i]
		switch {
		case role == translate.System && b.Kind == translate.OpaqueBlock && len(b.Opaque.Summary) > 0:
			q.losses.Add(b.At.String(), translate.Converted)
			*b = translate.Block{At: b.At, Text: b.Opaque.Summary, Cache: b.Cache}
		case role == translate.System && b.Kind != translate.TextBlock:
			q.Fail(b.At, ".type", "must be text in a system message")
		case role == translate.User && (b.Kind == translate.CallBlock || b.Kind == translate.ReasoningBlock || b.Signature != nil):
			q.Fail(b.At, ".type", "must not be tool_use or thinking in a user message")
		case role == translate.Assistant && b.Kind == translate.ResultBlock:
			q.Fail(b.At, ".type", "must not be tool_result in an assistant message")
		}
	}
	if role == translate.Assistant && len(blocks) > 0 && isCompaction(&blocks[0]) {
		q.r.Turns = append(q.r.Turns, translate.Turn{Role: translate.User, At: at, Blocks: blocks[:1:1]})
		blocks = blocks[1:]
	}
	q.r.Turns = append(q.r.Turns, translate.Turn{Role: role, At: at, Blocks: blocks})
}

func isCompaction(b *translate.Block) bool {
	return b.Kind == translate.OpaqueBlock && b.Opaque.Type == "compaction"
}

// inner reads the content of a result, a document or a search result, which holds text,
// media and the like, but no calls and no results.
func (q *request) inner(v scan.Value, at translate.At) []translate.Block {
	blocks := q.content(v, at)
	for i := range blocks {
		switch blocks[i].Kind {
		case translate.CallBlock, translate.ResultBlock, translate.ReasoningBlock:
			q.Fail(blocks[i].At, ".type", "must not be tool_use, tool_result or thinking here")
		}
	}
	return blocks
}

// content reads a string or a list of blocks.
func (q *request) content(v scan.Value, at translate.At) []translate.Block {
	if v.Kind() == scan.String {
		return []translate.Block{{Kind: translate.TextBlock, Text: v.Text(), At: at}}
	}
	if v.Kind() != scan.Array {
		q.Fail(at, ".content", "must be a string or a list of blocks")
		return nil
	}
	blocks := make([]translate.Block, 0, v.Len())
	i := 0
	for e := range v.Elements() {
		here := at.Child(i)
		i++
		if !q.NeedKind(e, scan.Object, here, "") {
			return nil
		}
		b := q.block(e, here)
		if q.Err != nil {
			return nil
		}
		if n := len(blocks) - 1; n >= 0 && sealsText(&blocks[n], &b) {
			blocks[n].Signature = b.Signature
		} else {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// sealsText reports whether b is the signature of the text before it.
func sealsText(before, b *translate.Block) bool {
	return b.Kind == translate.TextBlock && b.Signature != nil && before.Kind == translate.TextBlock && before.Signature == nil
}

func (q *request) block(v scan.Value, at translate.At) translate.Block {
	b := translate.Block{At: at, Cache: mark(v.Get("cache_control"))}
	switch kind := q.NeedText(v.Get("type"), at, ".type").String(); kind {
	case "text":
		b.Text = q.NeedText(v.Get("text"), at, ".text")
		for c := range v.Get("citations").Elements() {
			b.Citations = append(b.Citations, *readCitation(c))
		}
	case "image", "document":
		b.Kind, b.Media = translate.MediaBlock, q.media(v, at, kind)
	case "tool_use":
		b.Kind, b.Call = translate.CallBlock, q.call(v, at)
	case "tool_result":
		b.Kind, b.Result = translate.ResultBlock, q.result(v, at)
	case "thinking", "redacted_thinking":
		if s := translate.UnsealText(v.Get("data").Text()); s != nil { // a text that was signed
			b.Text, b.Signature, b.Cache = scan.Text{}, s, nil
			break
		}
		b.Kind, b.Cache = translate.ReasoningBlock, nil
		b.Reasoning = q.reasoning(v, at, kind)
	case "search_result":
		b.Kind = translate.SearchBlock
		b.Search = &translate.Search{Title: v.Get("title").Text(), Source: v.Get("source").Text(), Raw: v.Raw(), Blocks: q.inner(v.Get("content"), at)}
	default:
		b.Kind, b.Opaque = translate.OpaqueBlock, opaque(v, kind)
	}
	return b
}

// opaque keeps a block that only Messages knows, with what can be told of it elsewhere.
func opaque(v scan.Value, kind string) *translate.Opaque {
	o := &translate.Opaque{Dialect: "anthropic", Type: kind, Raw: v.Raw(), Refuse: kind == "container_upload"}
	switch kind {
	case "compaction":
		o.Summary = v.Get("content").Text()
	case "tool_reference":
		o.Summary = bracketed("tool reference: ", v.Get("tool_name").Text())
	case "tool_addition": // of a tool that was deferred: the others know all tools from the start
		o.Summary = bracketed("tool added: ", v.At("tool", "name").Text())
	case "tool_removal":
		o.Summary = bracketed("tool removed: ", v.At("tool", "name").Text())
	case "browser_state":
		o.Summary = scan.Quote("[browser state] " + string(v.Raw()))
	case "web_search_tool_result", "web_fetch_tool_result":
		o.Summary = sources(v.Get("content"))
	}
	return o
}

func bracketed(what string, name scan.Text) scan.Text {
	return append(scan.Text("["+what), append(name[:len(name):len(name)], ']')...)
}

// sources lists the titles and addresses of web results, so that later turns make sense.
func sources(content scan.Value) scan.Text {
	var out scan.Text
	for r := range content.Elements() {
		if url := r.Get("url").Text(); len(url) > 0 {
			if out == nil {
				out = append(out, `[web search results]`...)
			}
			out = append(out, `\n`...)
			out = append(out, r.Get("title").Text()...)
			out = append(append(out, ' '), url...)
		}
	}
	if out != nil {
		out = append(out, `\n`...) // the answer's own text follows
	}
	return out
}

func (q *request) call(v scan.Value, at translate.At) *translate.Call {
	c := &translate.Call{ID: q.NeedText(v.Get("id"), at, ".id"), Name: q.NeedText(v.Get("name"), at, ".name")}
	if input := v.Get("input"); q.Kind(input, scan.Object, at, ".input") {
		c.Args = input.Raw()
	}
	return c
}

func (q *request) result(v scan.Value, at translate.At) *translate.Result {
	r := &translate.Result{CallID: q.NeedText(v.Get("tool_use_id"), at, ".tool_use_id"), IsError: q.Bool(v.Get("is_error"), at, ".is_error")}
	if content := v.Get("content"); !content.IsNull() {
		r.Blocks = q.inner(content, at)
	}
	return r
}

// reasoning reads thinking. What the gateway had sealed for another family comes back
// under its own name, so that it never reaches this family's models (4.2).
func (q *request) reasoning(v scan.Value, at translate.At, kind string) *translate.Reasoning {
	if kind == "redacted_thinking" {
		s := translate.Unseal(q.NeedText(v.Get("data"), at, ".data"), translate.FamilyAnthropic)
		r := &translate.Reasoning{Signature: s, Redacted: s.Value}
		if item, err := scan.Parse([]byte(s.Value.String())); err == nil && item.Kind() == scan.Object { // a whole item of OpenRouter's
			r.Raw, r.Redacted = item.Raw(), item.Get("data").Text()
			r.ID, r.Format = item.Get("id").Text(), item.Get("format").Text()
		}
		return r
	}
	r := &translate.Reasoning{Text: q.NeedText(v.Get("thinking"), at, ".thinking")}
	if s := q.Text(v.Get("signature"), at, ".signature"); len(s) > 0 {
		r.Signature = translate.Unseal(s, translate.FamilyAnthropic)
	}
	return r
}

// media reads an image or a document.
func (q *request) media(v scan.Value, at translate.At, kind string) *translate.Media {
	m := &translate.Media{}
	if kind == "document" {
		m.Kind = translate.Document
		m.Name, m.Context = q.Text(v.Get("title"), at, ".title"), q.Text(v.Get("context"), at, ".context")
		m.Citations = v.At("citations", "enabled").True()
	}
	source := v.Get("source")
	if !q.NeedKind(source, scan.Object, at, ".source") {
		return m
	}
	switch q.NeedText(source.Get("type"), at, ".source.type").String() {
	case "base64":
		q.base64(m, source, at)
	case "url":
		m.URL = q.NeedText(source.Get("url"), at, ".source.url")
		if u := m.URL.String(); !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
			q.Fail(at, ".source.url", "must begin with https:// or http://")
		}
	case "text":
		m.Plain = q.NeedText(source.Get("data"), at, ".source.data")
	case "content":
		m.Content = q.inner(source.Get("content"), at)
	case "file":
		m.FileID = q.NeedText(source.Get("file_id"), at, ".source.file_id")
	default:
		q.Fail(at, ".source.type", "must be base64, url, text, content or file")
	}
	return m
}

// accepted are the media types that Messages takes in base64, by the kind of the block.
var accepted = map[translate.MediaKind]struct {
	types string
	words string
}{
	translate.Image:    {" image/jpeg image/png image/gif image/webp ", "image/jpeg, image/png, image/gif or image/webp"},
	translate.Document: {" application/pdf ", "application/pdf"},
}

func (q *request) base64(m *translate.Media, source scan.Value, at translate.At) {
	m.Type = media.Canonical(q.NeedText(source.Get("media_type"), at, ".source.media_type").String())
	if known := accepted[m.Kind]; !strings.Contains(known.types, " "+m.Type+" ") {
		q.Fail(at, ".source.media_type", "must be "+known.words+", not "+strconv.Quote(m.Type))
	}
	data, err := media.Base64(q.NeedText(source.Get("data"), at, ".source.data").Bytes())
	if err != nil || len(data) == 0 {
		q.Fail(at, ".source.data", "is not valid base64")
	}
	m.Data = data
}
