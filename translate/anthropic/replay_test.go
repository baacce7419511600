package anthropic_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
)

const sentBefore = `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"stream":true}`

// continued is the request that goes on after the events of a paused answer.
func continued(list ...string) string {
	r := anthropic.Dialect{}.NewReplay()
	for _, e := range list {
		if !r.Record([]byte(e)) {
			return ""
		}
	}
	return string(r.Body([]byte(sentBefore)))
}

// What a paused answer is continued with (4.3, pause_turn).
func TestReplay(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want string // the blocks of the assistant's turn
	}{
		{"thinking, text, a search and its results", events(started, thought(0), thinks(0, "H"), thinks(0, "m"), seals(0, "sig"), end(0), textBlock(1), textDelta(1, `a \"b\"`), textDelta(1, `\n`), end(1),
			block(2, `{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}`), args(2, `{\"query\":`), args(2, `\"x\\n\"}`), end(2), block(3, `{"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"u","encrypted_content":"e"}]}`), end(3)),
			`{"type":"thinking","thinking":"Hm","signature":"sig"},{"type":"text","text":"a \"b\"\n"},{"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"x\n"}},{"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"u","encrypted_content":"e"}]}`},
		{"text that stayed empty is refused by the API", events(started, textBlock(0), end(0), textBlock(1), textDelta(1, "a"), end(1)), `{"type":"text","text":"a"}`},
		{"citations", events(started, textBlock(0), textDelta(0, "a"), `{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"url":"u"}}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"url":"v"}}}`, end(0)),
			`{"type":"text","text":"a","citations":[{"url":"u"},{"url":"v"}]}`},
		{"hidden thinking", events(started, block(0, `{"type":"redacted_thinking","data":"x"}`), end(0)), `{"type":"redacted_thinking","data":"x"}`},
		{"input that broke off", events(started, block(0, `{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}`), args(0, `{\"query\":`)), `{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}`},
		{"an answer without its beginning", events(textBlock(0), textDelta(0, "a")), `{"type":"text","text":"a"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.Replace(sentBefore, `]}],"stream"`, `]},{"role":"assistant","content":[`+c.want+`]}],"stream"`, 1)
			if got := continued(c.in...); got != want {
				t.Errorf("continued by\n%s\nwant\n%s", got, want)
			}
		})
	}
	t.Run("an answer too large to be kept", func(t *testing.T) {
		large := textDelta(0, strings.Repeat("x", 1<<20))
		r := anthropic.Dialect{}.NewReplay()
		kept := 0
		for r.Record([]byte(large)) {
			kept++
		}
		if kept == 0 || kept > 8 || r.Record([]byte(large)) {
			t.Errorf("%d MiB are kept", kept)
		}
	})
}

// FuzzReplay holds for every answer: the request that goes on is JSON.
func FuzzReplay(f *testing.F) {
	f.Add(strings.Join(events(started, textBlock(0), textDelta(0, "a"), end(0), block(1, `{"type":"server_tool_use","input":{}}`), args(1, `{\"a`)), "\n"))
	f.Add(strings.Join(events(block(0, `"text"`), block(0, `{"type":"text"}`), textDelta(0, `\ud83d`)), "\n"))
	f.Fuzz(func(t *testing.T, list string) {
		if body := continued(strings.Split(list, "\n")...); !json.Valid([]byte(body)) {
			t.Fatalf("%s", body)
		}
	})
}
