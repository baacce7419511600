package openai

import (
	"strconv"
	"strings"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// messages reads the conversation (2.2).
func (q *request) messages(list scan.Value) {
	if !q.NeedKind(list, scan.Array, translate.Top(), "messages") {
		return
	}
	i := 0
	for m := range list.Elements() {
		at := translate.Element("messages", i)
		if q.NeedKind(m, scan.Object, at, "") {
			q.message(m, at)
		}
		i++
	}
}

func (q *request) message(m scan.Value, at translate.At) {
	role := q.NeedText(m.Get("role"), at, ".role").String()
	known, ok := roles[role]
	if !ok {
		q.Fail(at, ".role", "must be one of system, developer, user, assistant and tool, not "+strconv.Quote(role))
		return
	}
	t := translate.Turn{Role: known, At: at}
	switch role {
	case "tool", "function":
		t.Blocks = q.toolMessage(m, at, role == "function")
	case "assistant":
		t.Name = q.Text(m.Get("name"), at, ".name")
		t.Blocks = q.assistant(m, at)
	default:
		t.Name = q.Text(m.Get("name"), at, ".name")
		t.Blocks = q.content(m.Get("content"), at)
		if m.Get("content").IsNull() {
			q.Fail(at, ".content", "must not be missing")
		}
		if known.IsSystem() {
			q.onlyText(t.Blocks)
		}
		q.markLast(t.Blocks, m, at)
	}
	q.r.Turns = append(q.r.Turns, t)
}

// onlyText refuses media in system messages, which take none (2.2).
func (q *request) onlyText(blocks []translate.Block) {
	for i := range blocks {
		if blocks[i].Kind != translate.TextBlock {
			q.Fail(blocks[i].At, ".type", "must be text in a system message")
		}
	}
}

// markLast puts a message's cache mark on its last block that is not empty.
func (q *request) markLast(blocks []translate.Block, m scan.Value, at translate.At) {
	mark := q.cacheMark(m.Get("cache_control"), at, ".cache_control")
	if mark == nil {
		return
	}
	for i := len(blocks) - 1; i >= 0; i-- {
		b := &blocks[i]
		if b.Kind == translate.ReasoningBlock || b.IsEmpty() {
			continue
		}
		if b.Cache == nil {
			b.Cache = mark
		}
		return
	}
}

// thoughtMark is how some gateways hide a signature of Google's in a call's id.
const thoughtMark = "__thought__"

// callID takes an id apart that holds a signature.
func callID(id scan.Text) (scan.Text, *translate.Signature) {
	before, after, found := strings.Cut(string(id), thoughtMark)
	if !found {
		return id, nil
	}
	return scan.Text(before), translate.Unseal(scan.Text(after), translate.FamilyGoogle)
}

// toolMessage reads a tool's result. A function's result, the older form, belongs to the
// nearest call of that name that has none yet.
func (q *request) toolMessage(m scan.Value, at translate.At, legacy bool) []translate.Block {
	r := &translate.Result{Name: q.Text(m.Get("name"), at, ".name")}
	if legacy {
		r.CallID = q.legacyCall(r.Name)
	} else {
		r.CallID, _ = callID(q.NeedText(m.Get("tool_call_id"), at, ".tool_call_id"))
	}
	r.Blocks = q.content(m.Get("content"), at)
	b := translate.Block{Kind: translate.ResultBlock, Result: r, At: at, Cache: q.cacheMark(m.Get("cache_control"), at, ".cache_control")}
	for i := range r.Blocks { // a part's mark counts more than its message's
		if c := r.Blocks[i].Cache; c != nil {
			b.Cache, r.Blocks[i].Cache = c, nil
		}
	}
	return []translate.Block{b}
}

// legacyCall finds the id of the latest call of a function that has no result yet.
func (q *request) legacyCall(name scan.Text) scan.Text {
	answered := map[string]bool{}
	for i := len(q.r.Turns) - 1; i >= 0; i-- {
		for _, b := range q.r.Turns[i].Blocks {
			switch {
			case b.Kind == translate.ResultBlock:
				answered[string(b.Result.CallID)] = true
			case b.Kind == translate.CallBlock && string(b.Call.Name) == string(name) && !answered[string(b.Call.ID)]:
				return b.Call.ID
			}
		}
	}
	return scan.Text("call_" + name.String())
}

// assistant reads what the model said: reasoning first, then text, then calls (2.4).
func (q *request) assistant(m scan.Value, at translate.At) []translate.Block {
	if m.Get("audio").Get("id").Exists() {
		q.Fail(at, ".audio", "of an earlier answer cannot be sent to this model's provider")
	}
	blocks := q.reasoningOf(m, at)
	text := len(blocks)
	blocks = append(blocks, q.content(m.Get("content"), at)...)
	if refusal := q.Text(m.Get("refusal"), at, ".refusal"); len(refusal) > 0 {
		blocks = append(blocks, translate.Block{Kind: translate.RefusalBlock, Text: refusal, At: at})
	}
	if s := googleSignature(m); s != nil {
		blocks = signText(blocks, text, s, at)
	}
	blocks = append(blocks, q.images(m.Get("images"), at)...)
	blocks = q.calls(m, at, blocks)
	if m.Get("annotations").Len() > 0 {
		q.losses.Drop(at.String() + ".annotations")
	}
	q.markLast(blocks, m, at)
	return blocks
}

// signText puts a signature on the last text, or on an empty one of its own.
func signText(blocks []translate.Block, from int, s *translate.Signature, at translate.At) []translate.Block {
	if n := len(blocks); n > from && blocks[n-1].Kind == translate.TextBlock {
		blocks[n-1].Signature = s
		return blocks
	}
	return append(blocks, translate.Block{Kind: translate.TextBlock, Text: scan.Text{}, Signature: s, At: at})
}

// googleSignature reads the signature where Google's own Chat endpoint has it
// (provider-gemini-vertex.md 3.5).
func googleSignature(v scan.Value) *translate.Signature {
	if t := v.At("extra_content", "google", "thought_signature").Text(); len(t) > 0 {
		return translate.Unseal(t, translate.FamilyGoogle)
	}
	return nil
}

// calls reads tool_calls and function_call.
func (q *request) calls(m scan.Value, at translate.At, blocks []translate.Block) []translate.Block {
	list := m.Get("tool_calls")
	if q.Kind(list, scan.Array, at, ".tool_calls") {
		i := 0
		for v := range list.Elements() {
			suffix := ".tool_calls[" + strconv.Itoa(i) + "]"
			if q.NeedKind(v, scan.Object, at, suffix) {
				blocks = append(blocks, q.call(v, at, suffix))
			}
			i++
		}
	}
	if f := m.Get("function_call"); q.Kind(f, scan.Object, at, ".function_call") {
		name := q.name(f.Get("name"), at, ".function_call.name")
		c := &translate.Call{ID: scan.Text("call_" + strconv.Itoa(at.Turn) + "_" + name.String()), Name: name}
		q.arguments(c, f.Get("arguments"), at, ".function_call.arguments")
		blocks = append(blocks, translate.Block{Kind: translate.CallBlock, Call: c, At: at})
	}
	return blocks
}

func (q *request) call(v scan.Value, at translate.At, suffix string) translate.Block {
	c := &translate.Call{}
	b := translate.Block{Kind: translate.CallBlock, Call: c, At: at, Cache: q.cacheMark(v.Get("cache_control"), at, suffix+".cache_control")}
	c.ID, b.Signature = callID(q.Text(v.Get("id"), at, suffix+".id"))
	if s := googleSignature(v); s != nil {
		b.Signature = s
	}
	if custom := v.Get("custom"); custom.Kind() == scan.Object {
		c.Custom, c.Name = true, q.name(custom.Get("name"), at, suffix+".custom.name")
		c.Input = q.Text(custom.Get("input"), at, suffix+".custom.input")
		return b
	}
	f := v.Get("function") // also where the type is missing (trap 14)
	if !q.NeedKind(f, scan.Object, at, suffix+".function") {
		return b
	}
	c.Name = q.name(f.Get("name"), at, suffix+".function.name")
	q.arguments(c, f.Get("arguments"), at, suffix+".function.arguments")
	return b
}

// arguments reads a call's arguments: JSON in a string, or the object itself from
// clients that forget to encode it.
func (q *request) arguments(c *translate.Call, v scan.Value, at translate.At, suffix string) {
	if v.Kind() == scan.Object {
		c.Args = v.Raw()
		return
	}
	c.Args, c.Broken = translate.CallArgs(q.Text(v, at, suffix))
	if c.Broken != nil {
		q.losses.Add(at.String()+suffix, translate.Repaired)
	}
}
