package anthropic_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// made is a block of an answer, as it stands in a whole one and as events tell it.
type made struct {
	whole string
	start string
	tell  func(i int) []string // the events between the block's beginning and its end
}

// phrases are texts in the form in which JSON has them.
var phrases = rapid.Custom(func(t *rapid.T) string {
	parts := []string{"a", "é", `\u00e9`, `\n`, `\"`, `\\`, "😀", `\ud83d\ude00`, " ", "}{", `\/`, `\u0000`, "日本"}
	return "w" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 6).Draw(t, "parts"), "")
})

// cuts takes a text apart between the characters of its wire form.
func cuts(t *rapid.T, s string) []string {
	var list []string
	for s != "" {
		n := rapid.IntRange(1, len(s)).Draw(t, "cut")
		for n < len(s) && !boundary(s, n) {
			n++
		}
		list = append(list, s[:n])
		s = s[n:]
	}
	return list
}

// boundary reports whether a text in wire form can be cut at n.
func boundary(s string, n int) bool {
	for i := 0; i < len(s); {
		if i == n {
			return true
		}
		switch {
		case strings.HasPrefix(s[i:], `\ud`):
			i += 12
		case strings.HasPrefix(s[i:], `\u`):
			i += 6
		case s[i] == '\\':
			i += 2
		default:
			for i++; i < len(s) && s[i]&0xC0 == 0x80; i++ {
			}
		}
	}
	return n == len(s)
}

// blocks are the kinds of blocks that a Messages provider sends.
var blocks = rapid.Custom(func(t *rapid.T) made {
	phrase := phrases.Draw(t, "phrase")
	deltas := func(kind, key, s string) func(int) []string {
		parts := cuts(t, s)
		return func(i int) (list []string) {
			for _, p := range parts {
				list = append(list, delta(i, kind, key, p))
			}
			return list
		}
	}
	switch rapid.SampledFrom([]string{"text", "cited", "nothing", "thinking", "seal", "unsealed", "hidden", "call", "call of nothing", "server"}).Draw(t, "kind") {
	case "text":
		return made{text(phrase), `{"type":"text","text":""}`, deltas("text_delta", "text", phrase)}
	case "cited":
		source := `{"type":"web_search_result_location","url":"https://x","title":"` + phrase + `","cited_text":"c"}`
		said := deltas("text_delta", "text", phrase)
		return made{`{"type":"text","text":"` + phrase + `","citations":[` + source + `]}`, `{"type":"text","text":""}`, func(i int) []string {
			return append(said(i), `{"type":"content_block_delta","index":`+strconv.Itoa(i)+`,"delta":{"type":"citations_delta","citation":`+source+`}}`)
		}}
	case "nothing":
		return made{text(""), `{"type":"text","text":""}`, func(int) []string { return nil }}
	case "thinking":
		said := deltas("thinking_delta", "thinking", phrase)
		return made{`{"type":"thinking","thinking":"` + phrase + `","signature":"c2ln"}`, `{"type":"thinking","thinking":"","signature":""}`, func(i int) []string { return append(said(i), seals(i, "c2ln")) }}
	case "seal":
		return made{`{"type":"thinking","thinking":"","signature":"c2ln"}`, `{"type":"thinking","thinking":"","signature":""}`, func(i int) []string { return events(seals(i, "c2ln")) }}
	case "unsealed":
		return made{`{"type":"thinking","thinking":"` + phrase + `","signature":""}`, `{"type":"thinking","thinking":"","signature":""}`, deltas("thinking_delta", "thinking", phrase)}
	case "hidden":
		b := `{"type":"redacted_thinking","data":"eHl6"}`
		return made{b, b, func(int) []string { return nil }}
	case "call":
		input := `{"k":"` + phrase + `","n":[1.50, {"z":null}]}`
		head := `{"type":"tool_use","id":"t_` + rapid.StringMatching(`[a-z0-9]{6}`).Draw(t, "id") + `","name":"f","input":`
		return made{head + input + `}`, head + `{}}`, deltas("input_json_delta", "partial_json", string(scan.Quote(input)))}
	case "call of nothing":
		b := `{"type":"tool_use","id":"t_` + rapid.StringMatching(`[a-z0-9]{6}`).Draw(t, "id") + `","name":"f","input":{}}`
		return made{b, b, func(int) []string { return nil }}
	}
	b := `{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`
	return made{b, b, deltas("input_json_delta", "partial_json", `{\"query\":\"x\"}`)}
})

// both is an answer, whole and as events.
type both struct {
	whole  string
	events []string
}

var answers = rapid.Custom(func(t *rapid.T) both {
	var contents []string
	list := events(started)
	for i, b := range rapid.SliceOfN(blocks, 0, 8).Draw(t, "blocks") {
		contents = append(contents, b.whole)
		list = append(list, block(i, b.start))
		list = append(list, b.tell(i)...)
		list = append(list, end(i))
		if rapid.Bool().Draw(t, "ping") {
			list = append(list, pinged)
		}
	}
	stop := rapid.SampledFrom([]string{
		`"stop_reason":"end_turn","stop_sequence":null`, `"stop_reason":"max_tokens","stop_sequence":null`, `"stop_reason":"tool_use","stop_sequence":null`,
		`"stop_reason":"stop_sequence","stop_sequence":"E\"ND"`, `"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","explanation":"No \"way\"."}`,
	}).Draw(t, "stop")
	const usage = `"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,"output_tokens":30,"output_tokens_details":{"thinking_tokens":4}}`
	list = append(list, `{"type":"message_delta","delta":{`+stop+`},`+usage+`}`, stopped)
	return both{`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[` + strings.Join(contents, ",") + `],` + stop + `,` + usage + `}`, list}
})

// TestAnswersAreTheSameInBothForms holds for every answer of a Messages provider: gathered
// from its stream it is the whole one, and so is what a Chat client gathers from its own.
func TestAnswersAreTheSameInBothForms(t *testing.T) {
	t.Run("pain 12: whole and streamed answers are equal when they are put together", sameInBothForms)
}

func sameInBothForms(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := answers.Draw(r, "answer")
		ask := rapid.SampledFrom(asks).Draw(r, "ask") + `,"stop":"E\"ND"`
		whole, err := wholeAnswer(t, asking(t, ask), a.whole)
		if err != nil {
			r.Fatal(err)
		}
		x := asking(t, ask)
		fold, decoder := translate.NewFold(x), anthropic.Dialect{}.NewDecoder(x)
		for _, e := range a.events {
			for _, event := range decoder.Decode(nil, []byte(e), nil) {
				fold.Add(&event)
			}
		}
		if folded := encoded(r, fold, x); folded != string(whole) {
			r.Fatalf("whole\n%s\nfolded\n%s", whole, folded)
		}
		client := asking(t, ask)
		client.Request.IncludeUsage = true
		p := pass(client)
		var out []byte
		for _, e := range a.events {
			out, _ = p.Record(out, nil, []byte(e), nil)
		}
		if want, got := parted(r, whole), gather(r, out); got != want {
			r.Fatalf("whole\n%s\ngathered by the client\n%s", want, got)
		}
	})
}

func encoded(t *rapid.T, f *translate.Fold, x *translate.Exchange) string {
	r, err := f.Response()
	if err != nil {
		t.Fatal(err)
	}
	return string(openai.Dialect{}.EncodeResponse(nil, r, x))
}

// gather puts the chunks of a stream together as clients do: texts are joined, items of
// lists too, and calls by their index.
func gather(t *rapid.T, out []byte) string {
	texts, items, calls := map[string]string{}, map[string][]string{}, map[string]string{}
	finish, usage := "", ""
	for frame := range strings.SplitSeq(string(out), "\n\n") {
		data, ok := strings.CutPrefix(frame, "data: {")
		if !ok {
			continue
		}
		v, err := scan.Parse([]byte("{" + data))
		if err != nil {
			t.Fatal(err)
		}
		choice := v.Get("choices").First()
		finish += choice.Get("finish_reason").Str() + choice.Get("stop_reason").Str()
		if u := v.Get("usage"); !u.IsNull() {
			usage = string(u.Raw())
		}
		for key, m := range choice.Get("delta").Members() {
			switch key := string(key); {
			case key == "tool_calls":
				call(calls, string(m.First().Get("index").Raw()), m.First())
			case key == "function_call":
				call(calls, "", m)
			case m.Kind() == scan.Array:
				for item := range m.Elements() {
					items[key] = append(items[key], string(item.Raw()))
				}
			case m.Kind() == scan.String:
				texts[key] += string(m.Text())
			}
		}
	}
	return fmt.Sprint(texts, items, calls, finish, usage)
}

// call adds a piece of a call: its texts wherever they stand, joined by their keys.
func call(calls map[string]string, index string, v scan.Value) {
	for key, m := range v.Members() {
		switch m.Kind() {
		case scan.String:
			calls[index+" "+string(key)] += string(m.Text())
		case scan.Object:
			call(calls, index, m)
		}
	}
}

// parted is a whole answer as gather would have it of a stream.
func parted(t *rapid.T, body []byte) string {
	v, err := scan.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	texts, items, calls := map[string]string{}, map[string][]string{}, map[string]string{}
	choice := v.Get("choices").First()
	texts["content"] = "" // with the role
	for key, m := range choice.Get("message").Members() {
		switch key := string(key); {
		case key == "tool_calls":
			i := 0
			for c := range m.Elements() {
				call(calls, strconv.Itoa(i), c)
				i++
			}
		case key == "function_call":
			call(calls, "", m)
		case m.Kind() == scan.Array:
			for item := range m.Elements() {
				items[key] = append(items[key], string(item.Raw()))
			}
		case m.Kind() == scan.String:
			texts[key] += string(m.Text())
		}
	}
	return fmt.Sprint(texts, items, calls, choice.Get("finish_reason").Str()+choice.Get("stop_reason").Str(), string(v.Get("usage").Raw()))
}

// TestStreamsInAnyPieces holds for every stream: it says the same in whatever pieces it
// comes, with and without names of events, with each kind of line end.
func TestStreamsInAnyPieces(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := answers.Draw(r, "answer")
		names, newline := rapid.Bool().Draw(r, "names"), rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(r, "newline")
		var body strings.Builder
		for _, e := range a.events {
			if names {
				body.WriteString("event: x" + newline)
			}
			body.WriteString("data: " + e + newline + newline)
		}
		want := told(t, asking(t, ""), carried(asking(t, ""), &pieces{text: body.String()}))
		sizes := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 20).Draw(r, "sizes")
		same(t, told(t, asking(t, ""), carried(asking(t, ""), &pieces{text: body.String(), sizes: sizes})), want)
	})
}

// TestMessagesAnswersComeBack holds for every answer: what the neutral form keeps of it is
// all of it, so that it is written as it was read.
func TestMessagesAnswersComeBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := answers.Draw(r, "answer")
		doc := new(scan.Doc)
		if err := doc.Parse([]byte(a.whole), scan.Limits{}); err != nil {
			r.Fatal(err)
		}
		x := asking(t, "")
		x.Model = "claude-sonnet-4-5-20250929"
		response, err := anthropic.Dialect{}.DecodeResponse(doc, x)
		if err != nil {
			r.Fatal(err)
		}
		back, perr := scan.Parse(anthropic.Dialect{}.EncodeResponse(nil, response, x))
		if perr != nil {
			r.Fatal(perr)
		}
		sent := doc.Root()
		content := strings.ReplaceAll(string(sent.Get("content").Raw()), text("")+",", "") // empty text says nothing
		content = strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(content, `,`+text("")+`]`, "]"), `[`+text("")+`]`, "[]"), ",")
		if got := string(back.Get("content").Raw()); got != content {
			r.Fatalf("content\n%s\ncame back as\n%s", content, got)
		}
		for _, key := range []string{"type", "role", "model", "stop_sequence"} {
			if got, want := string(back.Get(key).Raw()), string(sent.Get(key).Raw()); got != want {
				r.Fatalf("%s %s came back as %s", key, want, got)
			}
		}
		for key, n := range sent.Get("usage").Members() {
			if got := back.Get("usage").Get(string(key)); string(got.Raw()) != string(n.Raw()) {
				r.Fatalf("%s %s came back as %s", key, n.Raw(), got.Raw())
			}
		}
	})
}
