package anthropic_test

import (
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
)

const (
	chatCallA = `{"id":"call_a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}`
	chatCallB = `{"id":"call_b","type":"function","function":{"name":"g","arguments":"{}"}}`
	useA      = `{"type":"tool_use","id":"call_a","name":"f","input":{"x":1}}`
	useB      = `{"type":"tool_use","id":"call_b","name":"g","input":{}}`
	resultA   = `{"type":"tool_result","tool_use_id":"call_a","content":"A"}`
	resultB   = `{"type":"tool_result","tool_use_id":"call_b","content":"B"}`
)

// said is an assistant message of Chat with the given calls.
func said(calls string) string { return `{"role":"assistant","tool_calls":[` + calls + `]}` }

// answered is a tool message of Chat.
func answered(id, content string) string {
	return `{"role":"tool","tool_call_id":"` + id + `","content":"` + content + `"}`
}

// text, user and model write a block of text and messages as Messages has them.
func text(s string) string       { return `{"type":"text","text":"` + s + `"}` }
func user(blocks string) string  { return `{"role":"user","content":[` + blocks + `]}` }
func model(blocks string) string { return `{"role":"assistant","content":[` + blocks + `]}` }

// The roles of Chat (wire-openai-anthropic.md 2.2).
func TestChatRolesToMessages(t *testing.T) {
	const hi = `{"role":"user","content":"hi"}`
	noPrefill := with(sonnet45, func(o *translate.Target) { o.Caps.Prefill = false })
	hoists := with(sonnet45, func(o *translate.Target) { o.Caps.HoistSystem = true })
	for _, r := range []row{
		{name: "trap 3: a developer's message is an instruction", in: turns(`{"role":"developer","content":"Be brief."},` + hi),
			want: `"system":[` + text("Be brief.") + `],` + turns(user(text("hi")))},
		{name: "2.2 the leading run of instructions, each a block", in: turns(`{"role":"system","content":"a"},{"role":"developer","content":"b"},` + hi),
			want: `"system":[` + text("a") + `,` + text("b") + `],` + turns(user(text("hi")))},
		{name: "trap 4: two parts are two blocks, and the mark is the second's",
			in:   turns(`{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},` + hi),
			want: `"system":[` + text("a") + `,{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}],` + turns(user(text("hi")))},
		{name: "trap 5: nothing but instructions", in: turns(`{"role":"system","content":"a"}`), err: "messages: messages must contain a user message"},
		{name: "2.2 no message at all", in: `"messages":[]`, err: "messages: messages must not be empty"},
		{name: "2.2 an image in an instruction", in: turns(`{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x/a.png"}}]},` + hi),
			err: "messages[0].content[0].type: messages[0].content[0].type must be text in a system message"},
		{name: "2.2 a role that Chat does not know", in: turns(`{"role":"critic","content":"a"}`), err: "messages[0].role: messages[0].role must be one of"},

		{name: "2.2 a late instruction stays where it is", to: opus48, in: turns(hi + `,{"role":"assistant","content":"a"},{"role":"user","content":"b"},{"role":"developer","content":"late"}`),
			want: `"system":null,` + turns(user(text("hi"))+`,`+model(text("a"))+`,`+user(text("b"))+`,{"role":"system","content":[`+text("late")+`]}`)},
		{name: "2.2 a late instruction is put into the user's turn", in: turns(hi + `,{"role":"assistant","content":"a"},{"role":"user","content":"b"},{"role":"system","content":"late"}`),
			want: `"system":null,` + turns(user(text("hi"))+`,`+model(text("a"))+`,`+user(text("b")+`,`+text(`<system-reminder>\nlate\n</system-reminder>`))), lost: "messages[3]=converted"},
		{name: "2.2 a late instruction behind the model's turn", to: opus48, in: turns(hi + `,{"role":"assistant","content":"a"},{"role":"system","content":"late"},{"role":"user","content":"b"}`),
			want: turns(user(text("hi")) + `,` + model(text("a")) + `,` + user(text(`<system-reminder>\nlate\n</system-reminder>`)+`,`+text("b"))), lost: "messages[2]=converted"},
		{name: "2.2 a late instruction is hoisted where the route asks for it", to: hoists, in: turns(`{"role":"system","content":"a"},` + hi + `,{"role":"system","content":"late"}`),
			want: `"system":[` + text("a") + `,` + text("late") + `],` + turns(user(text("hi"))), lost: "messages[2]=converted"},

		{name: "2.2 neighbours of one role are one turn", in: turns(`{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"},{"role":"assistant","content":"d"},{"role":"user","content":"e"}`),
			want: turns(user(text("a")+`,`+text("b")) + `,` + model(text("c")+`,`+text("d")) + `,` + user(text("e")))},
		{name: "2.2 a user's name", in: turns(`{"role":"user","name":"ann","content":"hi"}`), want: turns(user(text("hi"))), lost: "messages[0].name=dropped"},
		{name: "2.2 the model speaks first", in: turns(`{"role":"assistant","content":"a"},{"role":"user","content":"b"}`),
			want: turns(user(text("(conversation continues)")) + `,` + model(text("a")) + `,` + user(text("b"))), lost: "messages[0]=repaired"},
		{name: "trap 45: the last text of a prefill ends in white space", in: turns(hi + `,{"role":"assistant","content":"It is \n "}`),
			want: turns(user(text("hi")) + `,` + model(text("It is"))), lost: "messages[1]=repaired"},
		{name: "2.2 a prefill that ends well is sent as it is", in: turns(hi + `,{"role":"assistant","content":"It is"}`), want: turns(user(text("hi")) + `,` + model(text("It is")))},
		{name: "2.2 a prefill for a model that takes none", to: noPrefill, in: turns(hi + `,{"role":"assistant","content":"It is"}`),
			err: "messages: this model does not continue an assistant message"},
		{name: "2.2 an assistant message that says nothing", in: turns(hi + `,{"role":"assistant","content":null},{"role":"user","content":"b"}`),
			want: turns(user(text("hi") + `,` + text("b")))},
		{name: "pain 21: empty text is left out", in: turns(`{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":" \n"},{"type":"text","text":"a"}]}`), want: turns(user(text("a")))},
		{name: "2.2 a user message of nothing", in: turns(`{"role":"user","content":" "}`), err: "messages[0].content: messages[0].content must not be empty"},
		{name: "2.2 a user message of empty parts among others", in: turns(hi + `,{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"text","text":""}]}`),
			err: "messages[2].content: messages[2].content must not be empty"},
		{name: "2.2 a user message without content", in: turns(`{"role":"user"}`), err: "messages[0].content: messages[0].content must not be missing"},
	} {
		r.run(t)
	}
}

func TestMoreMessagesThanTheAPITakes(t *testing.T) {
	r := &translate.Request{Turns: make([]translate.Turn, 100_001)}
	x := &translate.Exchange{}
	x.Begin(sonnet45())
	if _, err := (anthropic.Dialect{}).EncodeRequest(nil, r, x); err == nil || err.Param != "messages" {
		t.Errorf("error %v", err)
	}
}

// What the model said before (2.4).
func TestChatHistoryToMessages(t *testing.T) {
	const hi, go_ = `{"role":"user","content":"hi"},`, `,{"role":"user","content":"go"}`
	before := func(message string) string { return turns(hi + message + go_) }
	after := func(blocks string) string {
		return turns(user(text("hi")) + `,` + model(blocks) + `,` + user(text("go")))
	}
	call := func(arguments string) string {
		return turns(hi + said(`{"id":"call_a","type":"function","function":{"name":"f","arguments":`+arguments+`}}`) + `,` + answered("call_a", "A"))
	}
	use := func(input string) string {
		return turns(user(text("hi")) + `,` + model(`{"type":"tool_use","id":"call_a","name":"f","input":`+input+`}`) + `,` + user(resultA))
	}
	for _, r := range []row{
		{name: "2.4 text parts", in: before(`{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":""},{"type":"text","text":"b"}]}`), want: after(text("a") + `,` + text("b"))},
		{name: "2.4 a refusal is text", in: before(`{"role":"assistant","content":null,"refusal":"I won't."}`), want: after(text("I won't."))},
		{name: "2.4 a refusal as a part is text", in: before(`{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}`), want: after(text("No."))},
		{name: "2.4 annotations", in: before(`{"role":"assistant","content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":1}}]}`),
			want: after(text("a")), lost: "messages[1].annotations=dropped"},
		{name: "2.4 the audio of an earlier answer", in: before(`{"role":"assistant","audio":{"id":"audio_1"}}`), err: "messages[1].audio: messages[1].audio of an earlier answer cannot be sent"},
		{name: "2.4 text stands before calls", in: turns(hi + `{"role":"assistant","content":"Let me look.","tool_calls":[` + chatCallA + `]},` + answered("call_a", "A")),
			want: turns(user(text("hi")) + `,` + model(text("Let me look.")+`,`+useA) + `,` + user(resultA))},
		{name: "trap 15: empty content beside calls is no block", in: turns(hi + `{"role":"assistant","content":"","tool_calls":[` + chatCallA + `]},` + answered("call_a", "A")),
			want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(resultA))},
		{name: "trap 16: the mark of an empty text moves to the block before it",
			in:   turns(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"","cache_control":{"type":"ephemeral"}}]}`),
			want: turns(user(`{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}`))},
		{name: "trap 16: or to the one behind it, if it is the first",
			in:   turns(`{"role":"user","content":[{"type":"text","text":"","cache_control":{"type":"ephemeral"}},{"type":"text","text":"a"}]}`),
			want: turns(user(`{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}`))},
		{name: "trap 16: and never to thinking",
			in:   turns(hi + `{"role":"assistant","reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"sig","format":"anthropic-claude-v1","index":0}],"content":[{"type":"text","text":"","cache_control":{"type":"ephemeral"}}],"tool_calls":[` + chatCallA + `]},` + answered("call_a", "A")),
			want: turns(user(text("hi")) + `,` + model(`{"type":"thinking","thinking":"Hm","signature":"sig"},{"type":"tool_use","id":"call_a","name":"f","input":{"x":1},"cache_control":{"type":"ephemeral"}}`) + `,` + user(resultA))},

		{name: "trap 12: arguments of nothing", in: call(`""`), want: use(`{}`)},
		{name: "trap 12: no arguments", in: call(`null`), want: use(`{}`)},
		{name: "trap 13: arguments that are no object", in: call(`"[1]"`), want: use(`{"_raw":"[1]"}`), lost: "messages[1].tool_calls[0].function.arguments=repaired"},
		{name: "trap 13: arguments that are no JSON", in: call(`"{\"a\": tr\n"`), want: use(`{"_raw":"{\"a\": tr\n"}`), lost: "messages[1].tool_calls[0].function.arguments=repaired"},
		{name: "pain 25: arguments that were encoded twice", in: call(`"\"{\\\"a\\\": 1}\""`), want: use(`{"a": 1}`)},
		{name: "pain 25: arguments that were not encoded", in: call(`{"b":2,"a":1.50}`), want: use(`{"b":2,"a":1.50}`)},
		{name: "2.4 the bytes of arguments are kept", in: call(`"{\"z\":1.50, \"a\":12345678901234567890,\"n\":\"\\u00e9\\n\"}"`), want: use(`{"z":1.50, "a":12345678901234567890,"n":"\u00e9\n"}`)},
		{name: "trap 14: a call without a type", in: turns(hi + said(`{"id":"call_a","function":{"name":"f","arguments":"{\"x\":1}"}}`) + `,` + answered("call_a", "A")),
			want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(resultA))},
		{name: "2.4 a freeform call", in: turns(hi + said(`{"id":"call_a","type":"custom","custom":{"name":"f","input":"*** Begin \"Patch\"\n"}}`) + `,` + answered("call_a", "A")),
			want: turns(user(text("hi")) + `,` + model(`{"type":"tool_use","id":"call_a","name":"f","input":{"input":"*** Begin \"Patch\"\n"}}`) + `,` + user(resultA))},
		{name: "2.4 the older form of calls", in: turns(hi + `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"A"}`),
			want: turns(user(text("hi")) + `,` + model(`{"type":"tool_use","id":"call_1_f","name":"f","input":{}}`) + `,` + user(`{"type":"tool_result","tool_use_id":"call_1_f","content":"A"}`))},
		{name: "2.2 a function's result belongs to the nearest call without one", in: turns(hi + `{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"A"},{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"B"}`),
			want: turns(user(text("hi")) + `,` + model(`{"type":"tool_use","id":"call_1_f","name":"f","input":{}}`) + `,` + user(`{"type":"tool_result","tool_use_id":"call_1_f","content":"A"}`) +
				`,` + model(`{"type":"tool_use","id":"call_3_f","name":"f","input":{}}`) + `,` + user(`{"type":"tool_result","tool_use_id":"call_3_f","content":"B"}`))},
	} {
		r.run(t)
	}
}

// Calls and their results (2.2, "Structural repair").
func TestChatResultsToMessages(t *testing.T) {
	const hi = `{"role":"user","content":"hi"},`
	both := said(chatCallA + `,` + chatCallB)
	of := func(list ...string) string {
		return turns(user(text("hi")) + `,` + model(useA+`,`+useB) + `,` + strings.Join(list, ","))
	}
	missing := func(id string) string {
		return `{"type":"tool_result","tool_use_id":"` + id + `","is_error":true,"content":"no result was provided"}`
	}
	illegal := hash("call:1.2/x")[:22]
	for _, r := range []row{
		{name: "trap 6: three tool messages in a row are one turn",
			in: turns(hi + said(chatCallA+`,`+chatCallB+`,{"id":"call_c","type":"function","function":{"name":"f","arguments":"{}"}}`) + `,` + answered("call_a", "A") + `,` + answered("call_b", "B") + `,` + answered("call_c", "C")),
			want: turns(user(text("hi")) + `,` + model(useA+`,`+useB+`,{"type":"tool_use","id":"call_c","name":"f","input":{}}`) + `,` +
				user(resultA+`,`+resultB+`,{"type":"tool_result","tool_use_id":"call_c","content":"C"}`))},
		{name: "2.2 results stand in the order of the calls", in: turns(hi + both + `,` + answered("call_b", "B") + `,` + answered("call_a", "A")), want: of(user(resultA + `,` + resultB))},
		{name: "trap 7: the user's text joins the turn behind the results", in: turns(hi + both + `,` + answered("call_a", "A") + `,` + answered("call_b", "B") + `,{"role":"user","content":"and?"}`),
			want: of(user(resultA + `,` + resultB + `,` + text("and?")))},
		{name: "trap 8: of two results for one call the last counts", in: turns(hi + both + `,` + answered("call_a", "old") + `,` + answered("call_b", "B") + `,` + answered("call_a", "A")),
			want: of(user(resultA + `,` + resultB)), lost: "messages[4]=repaired"},
		{name: "trap 9: a call that was never answered", in: turns(hi + both + `,` + answered("call_a", "A") + `,{"role":"user","content":"and?"}`),
			want: of(user(resultA + `,` + missing("call_b") + `,` + text("and?"))), lost: "tool_result call_b=repaired"},
		{name: "trap 9: calls at the end of the conversation", in: turns(hi + both),
			want: of(user(missing("call_a") + `,` + missing("call_b"))), lost: "tool_result call_a=repaired,tool_result call_b=repaired"},
		{name: "trap 9: a result of no call becomes text", in: turns(hi + both + `,` + answered("call_a", "A") + `,` + answered("call_b", "B") + `,` + answered("call_z", "lost")),
			want: of(user(resultA + `,` + resultB + `,` + text("[result of tool call call_z]") + `,` + text("lost"))), lost: "messages[4]=repaired"},
		{name: "2.2 a result behind the user's message moves to its call", in: turns(hi + both + `,` + answered("call_a", "A") + `,{"role":"user","content":"and?"},` + answered("call_b", "B")),
			want: of(user(resultA + `,` + resultB + `,` + text("and?")))},
		{name: "2.2 a result behind a later answer moves to its call", in: turns(hi + both + `,` + answered("call_a", "A") + `,{"role":"assistant","content":"hm"},` + answered("call_b", "B") + `,{"role":"user","content":"and?"}`),
			want: of(user(resultA+`,`+resultB), model(text("hm")), user(text("and?"))), lost: "messages[4]=repaired"},

		{name: "trap 10: an id that Messages refuses, in call and result alike",
			in: turns(hi + said(`{"id":"call:1.2/x","type":"function","function":{"name":"f","arguments":"{}"}}`) + `,` + answered("call:1.2/x", "A")),
			want: turns(user(text("hi")) + `,` + model(`{"type":"tool_use","id":"toolu_`+illegal+`","name":"f","input":{}}`) + `,` +
				user(`{"type":"tool_result","tool_use_id":"toolu_`+illegal+`","content":"A"}`))},
		{name: "trap 10: a legal id is left alone", in: turns(hi + said(chatCallA) + `,` + answered("call_a", "A")), want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(resultA))},

		{name: "2.4 an id that comes again in a later turn, which Messages refuses",
			in: turns(hi + said(chatCallA) + `,` + answered("call_a", "A") + `,` + said(chatCallA) + `,` + answered("call_a", "again")),
			want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(resultA) + `,` + model(`{"type":"tool_use","id":"toolu_`+hash("call_a 1")[:22]+`","name":"f","input":{"x":1}}`) + `,` +
				user(`{"type":"tool_result","tool_use_id":"toolu_`+hash("call_a 1")[:22]+`","content":"again"}`))},
		{name: "2.4 an id that two calls of one turn share", in: turns(hi + said(chatCallA+`,`+chatCallA) + `,` + answered("call_a", "A") + `,` + answered("call_a", "B")),
			want: turns(user(text("hi")) + `,` + model(useA+`,{"type":"tool_use","id":"toolu_`+hash("call_a 1")[:22]+`","name":"f","input":{"x":1}}`) + `,` +
				user(resultA+`,{"type":"tool_result","tool_use_id":"toolu_`+hash("call_a 1")[:22]+`","content":"B"}`))},

		{name: "trap 17: a result that speaks of an error is none", in: turns(hi + said(chatCallA) + `,` + answered("call_a", `{\"error\":\"x\"}`)),
			want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(`{"type":"tool_result","tool_use_id":"call_a","content":"{\"error\":\"x\"}"}`))},
		{name: "2.2 a result of two parts", in: turns(hi + said(chatCallA) + `,{"role":"tool","tool_call_id":"call_a","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`),
			want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(`{"type":"tool_result","tool_use_id":"call_a","content":[`+text("a")+`,`+text("b")+`]}`))},
		{name: "2.2 an empty result", in: turns(hi + said(chatCallA) + `,` + answered("call_a", "")), want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(`{"type":"tool_result","tool_use_id":"call_a","content":""}`))},
		{name: "2.2 a result of empty parts", in: turns(hi + said(chatCallA) + `,{"role":"tool","tool_call_id":"call_a","content":[{"type":"text","text":""},{"type":"text","text":" "}]}`),
			want: turns(user(text("hi")) + `,` + model(useA) + `,` + user(`{"type":"tool_result","tool_use_id":"call_a"}`))},
		{name: "2.2 a tool message without the id of its call", in: turns(hi + said(chatCallA) + `,{"role":"tool","content":"A"}`), err: "messages[2].tool_call_id: messages[2].tool_call_id must be a string"},
	} {
		r.run(t)
	}
}

// Whatever is made up follows from the request (rule G3).
func TestRepairsAreTheSameEachTime(t *testing.T) {
	t.Run("trap 11: the same request gives the same bytes, whatever was repaired", func(t *testing.T) {
		body := request(t, turns(`{"role":"user","content":"hi"},`+said(`{"id":"","type":"function","function":{"name":"a b","arguments":"["}},{"id":"é","type":"function","function":{"name":"f","arguments":""}}`)+`,{"role":"tool","tool_call_id":"","content":"A"},{"role":"user","content":"go"}`)+
			`,"user":"a@b.c","tools":[{"type":"function","function":{"name":"a b","parameters":{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}}},{"type":"object","properties":{"b":{"type":"string"}}}]}}}],"response_format":{"type":"json_object"},"reasoning_effort":"high"`)
		first := toMessages(t, body, sonnet45())
		for range 20 {
			if again := toMessages(t, body, sonnet45()); string(again.body) != string(first.body) {
				t.Fatalf("two bodies:\n%s\n%s", first.body, again.body)
			}
		}
		members(t, first.body, turns(user(text("hi"))+`,`+
			model(`{"type":"tool_use","id":"toolu_`+hash("0\x00")[:22]+`","name":"a_b_`+hash("a b")[:8]+`","input":{"_raw":"["}},{"type":"tool_use","id":"toolu_`+hash("é")[:22]+`","name":"f","input":{}}`)+`,`+
			user(`{"type":"tool_result","tool_use_id":"toolu_`+hash("0\x00")[:22]+`","content":"A"},{"type":"tool_result","tool_use_id":"toolu_`+hash("é")[:22]+`","is_error":true,"content":"no result was provided"},`+text("go"))))
	})
}
