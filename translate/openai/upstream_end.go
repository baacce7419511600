package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// finish notes why a choice ended; its end is told with the end of the stream, since
// text and usage may still follow.
func (d *decoder) finish(c *candidate, reason scan.Text, v scan.Value) {
	if c.stop != nil {
		return
	}
	c.stop = &translate.Stop{Reason: stopReason(reason.String()), Native: reason.String()}
	if n := v.Get("native_finish_reason").Str(); n != "" {
		c.stop.Native = n
	}
	for _, key := range []string{"stop_reason", "matched_stop"} { // vLLM, SGLang
		if s := v.Get(key).Text(); len(s) > 0 && c.stop.Reason == translate.StopEnd && asked(d.x, s) {
			c.stop.Reason, c.stop.Sequence = translate.StopSequence, append(scan.Text{}, s...)
		}
	}
}

// asked reports whether the client asked for a stop sequence.
func asked(x *translate.Exchange, s scan.Text) bool {
	if x.Request == nil {
		return false
	}
	for _, want := range x.Request.Stop {
		if want.String() == s.String() {
			return true
		}
	}
	return false
}

func stopReason(word string) translate.StopReason {
	switch word {
	case "stop", "end_turn", "eos", "eos_token":
		return translate.StopEnd
	case "length", "max_tokens":
		return translate.StopLength
	case "tool_calls", "function_call", "tool_use":
		return translate.StopTools
	case "content_filter":
		return translate.StopFilter
	}
	return translate.StopUnknown
}

// done ends the stream at the host's word. Without a reason the answer counts as
// complete if its calls are (5.5).
func (d *decoder) done() {
	if len(d.choices) == 0 && d.usage == nil {
		d.fail(translate.EndOf(nil, d.output))
		return
	}
	for _, c := range d.choices {
		if c.stop == nil && !c.complete() {
			d.fail(translate.EndOf(nil, true))
			return
		}
	}
	if !d.output && len(d.choices) > 0 && d.choices[0].stop == nil {
		d.fail(translate.EndOf(nil, false))
		return
	}
	d.end()
}

func (c *candidate) complete() bool {
	for _, call := range c.calls {
		if !call.depth.Complete() {
			return false
		}
	}
	return true
}

// end tells the end of each choice and of the stream.
func (d *decoder) end() {
	d.ended = true
	for _, c := range d.choices {
		d.endBlock(c)
		d.endCalls(c)
		if len(c.cited) > 0 {
			d.x.AnswerLosses.Drop("annotations")
		}
		d.add(translate.Event{Kind: translate.EventStop, Choice: c.index, Stop: c.settled()})
	}
	d.add(translate.Event{Kind: translate.EventDone})
}

// settled is the choice's end in the light of what it holds (4.3).
func (c *candidate) settled() *translate.Stop {
	stop := c.stop
	if stop == nil {
		stop = &translate.Stop{Reason: translate.StopEnd}
	}
	calls := 0
	for _, call := range c.calls {
		if call.number >= 0 {
			calls++
		}
	}
	switch {
	case calls > 0 && (stop.Reason == translate.StopEnd || stop.Reason == translate.StopUnknown):
		stop.Reason = translate.StopTools // trap 91, D32
	case calls == 0 && stop.Reason == translate.StopTools:
		stop.Reason = translate.StopEnd // trap 92
	case len(c.refusal) > 0 && stop.Reason == translate.StopEnd:
		stop.Reason = translate.StopFilter
	}
	if stop.Reason == translate.StopFilter {
		stop.Explanation = c.refusal
	}
	return stop
}

// Close tells what the end of the body means.
func (d *decoder) Close(err error, events []translate.Event) []translate.Event {
	if d.ended {
		return events
	}
	d.events = events
	defer func() { d.events = nil }()
	if len(d.choices) > 0 && d.finished() {
		d.end()
	} else {
		d.fail(translate.EndOf(err, d.output))
	}
	return d.events
}

func (d *decoder) finished() bool {
	for _, c := range d.choices {
		if c.stop == nil {
			return false
		}
	}
	return true
}
