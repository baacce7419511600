package behaviour

import (
	"fmt"
	"strings"
	"testing"
)

// withField is a good request with one field changed: added, replaced, or, by an empty
// value, left out.
func withField(model string, stream bool, field, value string) string {
	fields := [][2]string{{"model", `"` + model + `"`}, {"max_tokens", "100"}, {"messages", `[{"role":"user","content":"Hi"}]`}}
	if stream {
		fields = append(fields, [2]string{"stream", "true"})
	}
	body, seen := "", false
	for _, f := range fields {
		if f[0] == field {
			f[1], seen = value, true
		}
		if f[1] != "" {
			body += `,"` + f[0] + `":` + f[1]
		}
	}
	if !seen {
		body += `,"` + field + `":` + value
	}
	return "{" + body[1:] + "}"
}

// badField is a field that makes a request wrong in itself.
type badField struct {
	name, field, value string
	// param names the field at fault as Chat does; Messages writes dots for brackets.
	param string
	// passes says that a provider of the client's own dialect is left to judge it, since
	// there it may be known one day (wire-openai-anthropic.md G1).
	passes bool
}

// In both dialects.
var badFields = []badField{
	{"model missing", "model", "", "model", false},
	{"model null", "model", "null", "model", false},
	{"model a number", "model", "7", "model", false},
	{"model empty", "model", `""`, "model", false},
	{"messages missing", "messages", "", "messages", false},
	{"messages null", "messages", "null", "messages", false},
	{"messages a string", "messages", `"Hi"`, "messages", false},
	{"messages an object", "messages", `{"role":"user","content":"Hi"}`, "messages", false},
	{"messages empty", "messages", "[]", "messages", false},
	{"a message that is a string", "messages", `["Hi"]`, "messages[0]", false},
	{"a later message that is null", "messages", `[{"role":"user","content":"Hi"},null]`, "messages[1]", false},
	{"role missing", "messages", `[{"content":"Hi"}]`, "messages[0].role", false},
	{"role unknown", "messages", `[{"role":"robot","content":"Hi"}]`, "messages[0].role", false},
	{"role in capitals", "messages", `[{"role":"User","content":"Hi"}]`, "messages[0].role", false},
	{"role a number", "messages", `[{"role":1,"content":"Hi"}]`, "messages[0].role", false},
	{"content a number", "messages", `[{"role":"user","content":7}]`, "messages[0].content", false},
	{"content an object", "messages", `[{"role":"user","content":{"type":"text","text":"Hi"}}]`, "messages[0].content", false},
	{"content a boolean", "messages", `[{"role":"user","content":true}]`, "messages[0].content", false},
	{"a part that is a string", "messages", `[{"role":"user","content":["Hi"]}]`, "messages[0].content[0]", false},
	{"a part without type", "messages", `[{"role":"user","content":[{"text":"Hi"}]}]`, "messages[0].content[0].type", false},
	{"a part's type a number", "messages", `[{"role":"user","content":[{"type":1,"text":"Hi"}]}]`, "messages[0].content[0].type", false},
	{"a text without text", "messages", `[{"role":"user","content":[{"type":"text"}]}]`, "messages[0].content[0].text", true},
	{"stream a string", "stream", `"true"`, "stream", false},
	{"stream a number", "stream", `1`, "stream", false},
	{"max_tokens a string", "max_tokens", `"100"`, "max_tokens", false},
	{"max_tokens a fraction", "max_tokens", `1.5`, "max_tokens", false},
	{"max_tokens negative", "max_tokens", `-1`, "max_tokens", false},
	{"max_tokens huge", "max_tokens", `1e400`, "max_tokens", false},
	{"max_tokens beyond 64 bits", "max_tokens", `18446744073709551616`, "max_tokens", false},
	{"temperature a string", "temperature", `"hot"`, "temperature", true},
	{"top_p an array", "top_p", `[1]`, "top_p", true},
	{"tools an object", "tools", `{"name":"f"}`, "tools", true},
	{"a tool that is a string", "tools", `["f"]`, "tools[0]", true},
	{"tool_choice a number", "tool_choice", `1`, "tool_choice", true},
}

// In Chat alone.
var badChat = []badField{
	{"max_completion_tokens zero", "max_completion_tokens", `0`, "max_completion_tokens", true},
	{"stream_options a boolean", "stream_options", `true`, "stream_options", false},
	{"include_usage a string", "stream_options", `{"include_usage":"yes"}`, "stream_options.include_usage", false},
	{"stop a number", "stop", `1`, "stop", true},
	{"n zero", "n", `0`, "n", true},
	{"response_format a string", "response_format", `"json_object"`, "response_format", true},
	{"response_format unknown", "response_format", `{"type":"xml"}`, "response_format.type", true},
	{"a schema missing", "response_format", `{"type":"json_schema","json_schema":{"name":"x"}}`, "response_format.json_schema.schema", true},
	{"reasoning_effort unknown", "reasoning_effort", `"enormous"`, "reasoning_effort", true},
	{"a tool without function", "tools", `[{"type":"function"}]`, "tools[0].function", true},
	{"a function without name", "tools", `[{"type":"function","function":{}}]`, "tools[0].function.name", true},
	{"parameters a string", "tools", `[{"type":"function","function":{"name":"f","parameters":"{}"}}]`, "tools[0].function.parameters", true},
	{"tool_choice unknown", "tool_choice", `"sometimes"`, "tool_choice", true},
	{"tool_choice without a name", "tool_choice", `{"type":"function","function":{}}`, "tool_choice.function.name", true},
	{"a part of an unknown type", "messages", `[{"role":"user","content":[{"type":"smell","smell":"x"}]}]`, "messages[0].content[0].type", true},
	{"a tool message without id", "messages", `[{"role":"user","content":"Hi"},{"role":"tool","content":"x"}]`, "messages[1].tool_call_id", true},
	{"a data URL without base64", "messages", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,AAAA"}}]}]`, "messages[0].content[0].image_url.url", false},
	{"a data URL without data", "messages", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64"}}]}]`, "messages[0].content[0].image_url.url", false},
	{"a data URL with broken base64", "messages", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,!!!!"}}]}]`, "messages[0].content[0].image_url.url", true},
	{"an image that is a file's path", "messages", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"/etc/passwd"}}]}]`, "messages[0].content[0].image_url.url", true},
	{"an image by file URL", "messages", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]`, "messages[0].content[0].image_url.url", true},
	{"an image that is text", "messages", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/plain;base64,SGVsbG8="}}]}]`, "messages[0].content[0].image_url.url", true},
	{"audio that is no base64", "messages", `[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"???","format":"wav"}}]}]`, "messages[0].content[0].input_audio.data", true},
	{"a file without anything", "messages", `[{"role":"user","content":[{"type":"file","file":{}}]}]`, "messages[0].content[0].file", true},
}

// In Messages alone.
var badMessages = []badField{
	{"max_tokens missing", "max_tokens", "", "max_tokens", false},
	{"max_tokens null", "max_tokens", "null", "max_tokens", false},
	{"system a number", "system", `7`, "system", true},
	{"a system block of another type", "system", `[{"type":"image"}]`, "system", true},
	{"stop_sequences a string", "stop_sequences", `"x"`, "stop_sequences", true},
	{"a stop sequence a number", "stop_sequences", `[1]`, "stop_sequences", true},
	{"a tool without name", "tools", `[{"input_schema":{"type":"object"}}]`, "tools[0].name", true},
	{"a schema that is a string", "tools", `[{"name":"f","input_schema":"{}"}]`, "tools[0].input_schema", true},
	{"thinking a string", "thinking", `"deep"`, "thinking", true},
	{"an image without source", "messages", `[{"role":"user","content":[{"type":"image"}]}]`, "messages[0].content[0].source", true},
	{"an image's type missing", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"AAAA"}}]}]`, "messages[0].content[0].source.media_type", false},
	{"an image's data missing", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png"}}]}]`, "messages[0].content[0].source.data", false},
	{"a data URL for data", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"data:image/png;base64,AAAA"}}]}]`, "messages[0].content[0].source.data", false},
	{"an image that is no base64", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"!!!!"}}]}]`, "messages[0].content[0].source.data", true},
	{"an image of a type that is not taken", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/tiff","data":"AAAA"}}]}]`, "messages[0].content[0].source.media_type", true},
	{"a source of an unknown type", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"floppy"}}]}]`, "messages[0].content[0].source.type", true},
	{"an image by file URL", "messages", `[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"file:///etc/passwd"}}]}]`, "messages[0].content[0].source.url", true},
	{"a result without id", "messages", `[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]`, "messages[0].content[0].tool_use_id", true},
	{"a call in a user message", "messages", `[{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}]`, "messages[0].content[0].type", true},
}

// TestBadInput sends each wrong field in both dialects, whole and streamed, to a provider
// of each wire: it is refused in the client's dialect with the field's name, and no
// provider hears of it.
func TestBadInput(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	for _, dialect := range dialects {
		own, fields := "chat", badChat
		if dialect == anthropic {
			own, fields = "messages", badMessages
		}
		for _, bad := range append(badFields[:len(badFields):len(badFields)], fields...) {
			t.Run(name(dialect.name, bad.name), func(t *testing.T) {
				for _, model := range []string{"chat", "messages", "gemini"} {
					for _, stream := range []bool{false, true} {
						where := fmt.Sprintf("to %s, stream %t", model, stream)
						d.will(well)
						got := post(t, url+dialect.path, withField(model, stream, bad.field, bad.value))
						if model == own && bad.passes {
							d.last(t)
							continue
						}
						if n := len(d.asked()); n != 0 {
							t.Errorf("%s: the provider was called %d times", where, n)
						}
						if got.status != 400 {
							t.Fatalf("%s: %d %s", where, got.status, got.body)
						}
						e := errorIn(t, dialect, got)
						param := bad.param
						if dialect == anthropic {
							param = strings.NewReplacer("[", ".", "]", "").Replace(param)
						}
						if e.kind != "invalid_request_error" || !strings.HasPrefix(e.message, param) || dialect == openai && e.param != param {
							t.Errorf("%s: want %s to be named: %s", where, param, got.body)
						}
					}
				}
			})
		}
	}
}

// TestBadJSON sends bodies that are no request at all.
func TestBadJSON(t *testing.T) {
	d := newDouble(t)
	url := gateway(t, d)
	nested := func(depth int) string {
		return withField("chat", false, "metadata", strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth))
	}
	for _, test := range []struct {
		name, body string
		says       string
	}{
		{"nothing", "", "byte 0"},
		{"blanks", " \n", "byte 2"},
		{"cut off", `{"model":"chat","messages":[{"role":"us`, "byte 39: unexpected end"},
		{"a comma too many", `{"model":"chat",}`, "byte 16: expected a key"},
		{"no comma", `{"model":"chat" "messages":[]}`, "byte 16: expected a comma"},
		{"single quotes", `{'model':'chat'}`, "byte 1: expected a key"},
		{"a word", `{"model":chat}`, "byte 9: expected a value"},
		{"NaN", withField("chat", false, "temperature", "NaN"), "expected a value"},
		{"Infinity", withField("chat", false, "temperature", "Infinity"), "expected a value"},
		{"minus infinity", withField("chat", false, "temperature", "-Infinity"), "expected a digit"},
		{"a number with a leading zero", withField("chat", false, "temperature", "01"), "expected a comma"},
		{"data after the end", hello("chat", false) + "{}", "unexpected data"},
		{"a raw line feed in a string", withField("chat", false, "user", "\"a\nb\""), "control character"},
		{"a raw zero in a string", withField("chat", false, "user", "\"a\x00b\""), "control character"},
		{"a broken escape", withField("chat", false, "user", `"\u12G4"`), "hexadecimal"},
		{"an unknown escape", withField("chat", false, "user", `"\x41"`), "unknown escape"},
		{"invalid UTF-8", withField("chat", false, "user", "\"a\xffb\""), "byte 86: invalid UTF-8"},
		{"half a character", withField("chat", false, "user", "\"\xe4\xbd\""), "invalid UTF-8"},
		{"a surrogate written as UTF-8", withField("chat", false, "user", "\"\xed\xa0\x80\""), "invalid UTF-8"},
		{"a byte order mark", "\ufeff" + hello("chat", false), "byte 0"},
		{"a list", `[{"model":"chat"}]`, "must be an object, not an array"},
		{"a string", `"chat"`, "must be an object, not a string"},
		{"null", `null`, "must be an object, not null"},
		{"a form", `model=chat&messages=Hi`, "byte 0"},
		{"too deep", nested(100), "limit of 100 for depth"},
		{"far too deep", strings.Repeat("[", 1_000_000), "limit of 100 for depth"},
		{"too many tokens", withField("chat", false, "metadata", "["+strings.Repeat("0,", 200_000)+"0]"), "limit of 200000 for tokens"},
		{"model twice", withField("chat", false, "model", `"chat","model":"messages"`), "must not be given more than once"},
		{"model twice in another case", withField("chat", false, "Model", `"messages"`), "must not be given more than once"},
		{"stream twice", withField("chat", true, "STREAM", `false`), "must not be given more than once"},
		{"max_tokens twice", withField("chat", false, "Max_Tokens", `1`), "must not be given more than once"},
		{"model twice, once escaped", withField("chat", false, `mod\u0065l`, `"messages"`), "must not be given more than once"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, dialect := range dialects {
				d.will(well)
				got := post(t, url+dialect.path, test.body, "Content-Type", "application/json")
				if n := len(d.asked()); n != 0 {
					t.Errorf("%s: the provider was called %d times", dialect.name, n)
				}
				if got.status != 400 {
					t.Fatalf("%s: %d %s", dialect.name, got.status, got.body)
				}
				if e := errorIn(t, dialect, got); e.kind != "invalid_request_error" || !strings.Contains(e.message, test.says) {
					t.Errorf("%s: %s", dialect.name, got.body)
				}
			}
		})
	}
	for _, test := range []struct{ name, body string }{
		{"as deep as may be", nested(98)},
		{"many tokens", withField("chat", false, "metadata", "["+strings.Repeat("0,", 190_000)+"0]")},
		{"another field twice", withField("chat", false, "user", `"a","user":"b"`)},
	} {
		t.Run(name("good:", test.name), func(t *testing.T) {
			d.will(well)
			if got := post(t, url+openai.path, test.body); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	t.Run("good: a lone surrogate in an escape stays as it is", func(t *testing.T) {
		const text = `"\ud83d and \u0000 and \ud83d\ude00"`
		for _, model := range []string{"chat", "messages", "gemini"} {
			for _, dialect := range dialects {
				d.will(well)
				got := post(t, url+dialect.path, withField(model, false, "messages", `[{"role":"user","content":`+text+`}]`))
				if got.status != 200 || !strings.Contains(d.last(t).body, text) {
					t.Errorf("%s to %s: %d, the provider got %s", dialect.name, model, got.status, d.asked()[0].body)
				}
			}
		}
	})
}
