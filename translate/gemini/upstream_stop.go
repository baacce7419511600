package gemini

import (
	"bytes"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// finish notes why a candidate ended (4.2).
func (d *decoder) finish(c *candidate, reason, message scan.Text) {
	stop := &translate.Stop{Native: reason.String(), Explanation: bytes.Clone(message)}
	switch stop.Native {
	case "STOP":
		stop.Reason = translate.StopEnd
	case "MAX_TOKENS", "CONTINUATION": // which the gateway does not resume (4.6)
		stop.Reason = translate.StopLength
	case "SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "LANGUAGE", "MODEL_ARMOR",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		stop.Reason = translate.StopFilter
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL":
		d.badCall(stop.Native, message.String())
		return
	case "TOO_MANY_TOOL_CALLS":
		stop.Reason = translate.StopPause
	case "NO_IMAGE", "IMAGE_OTHER", "OTHER", "FINISH_REASON_UNSPECIFIED":
		if stop.Reason = translate.StopEnd; !c.output {
			stop.Reason = translate.StopFilter
		}
	}
	c.stop = stop
}

// badCall ends the answer with a tool call that cannot be told. The type is for the log and
// for the provider's verdict: such a model is asked once more (B9).
func (d *decoder) badCall(native, detail string) {
	d.fail(&translate.Error{Kind: translate.ErrUpstream, Status: 200, Type: native, Message: "the model made a tool call that is not valid", Upstream: detail})
}

// ending is why a candidate ended, known when all of it is there: a call may stand events
// before the reason (B1), which then is STOP.
func (c *candidate) ending() *translate.Stop {
	switch c.stop.Reason {
	case translate.StopEnd, translate.StopPause, translate.StopUnknown:
		if c.calls > 0 {
			c.stop.Reason = translate.StopTools
		}
	}
	return c.stop
}

// blocked tells that the prompt itself was refused (4.3), or that the answer was, where it
// has begun already.
func (d *decoder) blocked(reason string, message scan.Text) {
	stop := translate.Stop{Reason: translate.StopFilter, Native: reason, Explanation: bytes.Clone(message)}
	if len(d.candidates) > 0 {
		for _, c := range d.candidates {
			if c.stop == nil {
				c.stop = &stop
			}
		}
		return
	}
	text := "the provider blocked the prompt: " + reason
	if len(message) > 0 {
		text += ": " + message.String()
	}
	stop.Explanation = scan.Quote(text)
	usage := d.usage
	usage.Raw = bytes.Clone(usage.Raw)
	d.fail(&translate.Error{
		Kind: translate.ErrContent, Code: "content_filter", Message: text, Type: reason, Status: 200,
		Answer: &translate.Response{Usage: usage, Choices: []translate.Choice{{Stop: stop}}},
	})
}
