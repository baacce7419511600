package translate_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

func messagesPass() translate.Pass { return anthropic.Dialect{}.NewPass(passing(true, true)) }

// events puts records into the framing of a stream of Messages, each under the name that
// stands as its type.
func events(records ...string) string {
	var b strings.Builder
	for _, r := range records {
		var e struct{ Type string }
		_ = json.Unmarshal([]byte(r), &e)
		b.WriteString("event: " + e.Type + "\ndata: " + r + "\n\n")
	}
	return b.String()
}

const (
	begun   = `{"type":"message_start","message":{"id":"msg_1","model":"up", "content":[],"usage":{"input_tokens":5,"cache_read_input_tokens":3,"x":1.0},"x":{"model":"up"}}}`
	started = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	spoken  = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"h\u00e9 \/ 😀","y":1e3,"y":2}}`
	stopped = `{"type":"content_block_stop","index":0}`
	finale  = `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}`
	over    = `{"type":"message_stop"}`
)

// Streams of Messages to clients of Messages.
func TestPassedMessagesStreams(t *testing.T) {
	renamed := func(s string) string { return strings.Replace(s, `"model":"up"`, `"model":"logical"`, 1) }
	for _, p := range []passedStream{
		{name: "G1: each event keeps its bytes but for the model's name", in: events(begun, started, spoken, stopped, finale, over), want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
		{name: "G1: events, blocks and deltas of kinds that nobody knows", in: events(begun, `{"type":"future_event","z":[1.0]}`, `{"type":"content_block_start","index":0,"content_block":{"type":"openrouter_x","k":{}}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"x_delta","x":"\u0078"}}`, stopped, finale, over),
			want: renamed(events(begun, `{"type":"future_event","z":[1.0]}`, `{"type":"content_block_start","index":0,"content_block":{"type":"openrouter_x","k":{}}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"x_delta","x":"\u0078"}}`, stopped, finale, over)), told: "done end_turn"},
		{name: "CC27: pings go on, and comments become pings", in: events(begun, `{"type": "ping"}`) + ": OPENROUTER PROCESSING\n\n" + events(started, spoken, stopped, finale, over),
			want: renamed(events(begun, `{"type": "ping"}`)) + "event: ping\ndata: {\"type\":\"ping\"}\n\n" + events(started, spoken, stopped, finale, over), told: "done end_turn"},
		{name: "E7: events named message are sent under the name that their data tell", in: strings.NewReplacer("event: content_block_delta", "event: message", "event: message_delta", "event: message", "event: message_stop", "event: message").Replace(events(begun, started, spoken, stopped, finale, over)),
			want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
		{name: "E7: a stop sequence of Clewdr's web end", in: events(begun, started, spoken, stopped) + "event: message\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"END\"},\"usage\":null}\n\n" + events(over),
			want: renamed(events(begun, started, spoken, stopped)) + events(`{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":null}`, over), told: "done stop_sequence"},
		{name: "trap 116: events without a name get theirs", in: frames(begun, started, spoken, stopped, finale, over), want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
		{name: "5.1: other line ends, data without a space", in: strings.ReplaceAll(strings.ReplaceAll(events(begun, started, spoken, stopped, finale, over), "\n", "\r\n"), "data: ", "data:"), want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
		{name: "5.1: OpenRouter's [DONE] is not Messages", in: events(begun, started, spoken, stopped, finale) + "data: [DONE]\n\n" + events(over), want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
		{name: "pain 14: an event that is no JSON is left out, the others go on", in: events(begun, started, spoken) + "event: content_block_delta\ndata: {\"type\":\"content_bl\n\n" + events(stopped, finale, over), want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
		{name: "CC28: an error event after content ends the stream without message_stop", in: events(begun, started, spoken, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","x":1},"request_id":"req_up"}`, over),
			want: renamed(events(begun, started, spoken, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","x":1},"request_id":"req_up"}`)), told: "failed: the provider is overloaded"},
		{name: "D2: an error in Chat's form is told in Messages'", in: events(begun, started, spoken) + frames(`{"error":{"code":502,"message":"Provider disconnected"}}`),
			want: renamed(events(begun, started, spoken)) + events(`{"type":"error","error":{"type":"api_error","message":"the provider failed"},"request_id":"req_1"}`), told: "failed: the provider failed"},
		{name: "E12: the body ends without message_stop and without a reason", in: events(begun, started, spoken), want: renamed(events(begun, started, spoken)) + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"the provider's stream ended before the answer was complete\"},\"request_id\":\"req_1\"}\n\n",
			told: "failed: the provider's stream ended before the answer was complete"},
		{name: "pain 7: a cut inside of an event", in: events(begun, started, spoken) + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"ind", end: errors.New("reset"), want: renamed(events(begun, started, spoken)) + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"the provider's stream ended before the answer was complete\"},\"request_id\":\"req_1\"}\n\n",
			told: "failed: the provider's stream ended before the answer was complete"},
		{name: "5.5: the body ends after the reason: completed", in: events(begun, started, spoken, stopped, finale), want: renamed(events(begun, started, spoken, stopped, finale, over)), told: "done end_turn"},
	} {
		p.run(t, messagesPass)
	}
	t.Run("CC37: usage is read in passing, from the beginning and the end", func(t *testing.T) {
		got := carry(messagesPass(), strings.NewReader(events(begun, started, spoken, stopped, finale, over)), nil)
		if u := got.usage; u == nil || u.Input != 5 || u.CacheRead != 3 || u.Output != 7 {
			t.Errorf("got %+v", u)
		}
	})
}

// Whole answers of Messages to clients of Messages.
func TestPassedMessagesAnswers(t *testing.T) {
	pass := func(t *testing.T, body string) (string, translate.Seen) {
		doc := new(scan.Doc)
		if err := doc.Parse([]byte(body), scan.Limits{}); err != nil {
			t.Fatal(err)
		}
		out, seen := anthropic.Dialect{}.PassResponse(nil, doc, passing(false, true))
		return string(out), seen
	}
	t.Run("G1: a whole answer keeps its bytes but for the model's name", func(t *testing.T) {
		const body = "{\n \"id\" : \"msg_1\",\"type\":\"message\", \"content\":[{\"type\":\"openrouter_x\",\"z\":1.0,\"z\":2},{\"type\":\"text\",\"text\":\"h\\u00e9\"}],\"model\" : \"up\",\"x\":{\"model\":\"up\"},\"stop_reason\":\"max_tokens\",\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":3,\"output_tokens\":7}}"
		got, seen := pass(t, body)
		if want := strings.Replace(body, `"up"`, `"logical"`, 1); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if seen.Model != "up" || seen.ID != "msg_1" || seen.Stop.Native != "max_tokens" || seen.Usage.Input != 5 || seen.Usage.CacheRead != 3 || seen.Usage.Output != 7 {
			t.Errorf("seen %+v %+v", seen, seen.Usage)
		}
	})
	for _, f := range []struct {
		name, in string
		kind     translate.ErrorKind
	}{
		{"D5: an error of Messages in a 200", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, translate.ErrOverloaded},
		{"D5: an error of Chat's form in a 200", `{"error":{"code":502,"message":"Provider returned error"}}`, translate.ErrUpstream},
		{"D5: something that is no answer", `{"ok":true}`, translate.ErrUpstream},
	} {
		t.Run(f.name, func(t *testing.T) {
			if got, seen := pass(t, f.in); got != "" || seen.Err == nil || seen.Err.Kind != f.kind {
				t.Errorf("got %q and %+v", got, seen.Err)
			}
		})
	}
}
