package translate

import "github.com/rickyjim626/xjp-gateway/translate/scan"

// Events appends the events of a stream that tells the whole answer, for clients that
// asked for a stream from a provider that answered at once.
func (r *Response) Events(events []Event) []Event {
	events = append(events, Event{Kind: EventStart, ID: scan.Text(r.ID), Name: scan.Text(r.Model)})
	for i := range r.Choices {
		events = r.Choices[i].events(events)
	}
	if r.Usage.Reported || r.Usage.Estimated {
		events = append(events, Event{Kind: EventUsage, Usage: &r.Usage})
	}
	return append(events, Event{Kind: EventDone})
}

func (c *Choice) events(events []Event) []Event {
	for i := range c.Blocks {
		from := len(events)
		events = c.Blocks[i].events(events)
		for k := from; k < len(events); k++ {
			events[k].Choice, events[k].Block = c.Index, i
		}
	}
	if len(c.Logprobs) > 0 {
		events = append(events, Event{Kind: EventLogprobs, Choice: c.Index, Raw: c.Logprobs})
	}
	return append(events, Event{Kind: EventStop, Choice: c.Index, Stop: &c.Stop})
}

func (b *Block) events(events []Event) []Event {
	switch b.Kind {
	case TextBlock:
		events = append(events, Event{Kind: EventText, Text: b.Text})
		for i := range b.Citations {
			events = append(events, Event{Kind: EventCitation, Citation: &b.Citations[i]})
		}
	case RefusalBlock:
		events = append(events, Event{Kind: EventRefusal, Text: b.Text})
	case ReasoningBlock:
		return b.Reasoning.events(events)
	case CallBlock:
		return b.callEvents(events)
	case MediaBlock:
		return append(events, Event{Kind: EventMedia, Media: b.Media, Signature: b.Signature})
	case OpaqueBlock:
		return append(events, Event{Kind: EventOpaque, Opaque: b.Opaque})
	}
	if b.Signature != nil {
		events = append(events, Event{Kind: EventSeal, Seals: b.Kind, Signature: b.Signature})
	}
	return append(events, Event{Kind: EventBlockEnd})
}

func (r *Reasoning) events(events []Event) []Event {
	if r.Redacted != nil {
		return append(events, Event{Kind: EventRedacted, Reasoning: r})
	}
	events = append(events, Event{Kind: EventReasoning, Text: r.Text})
	if r.Signature != nil {
		events = append(events, Event{Kind: EventSeal, Seals: ReasoningBlock, Signature: r.Signature})
	}
	return append(events, Event{Kind: EventBlockEnd})
}

func (b *Block) callEvents(events []Event) []Event {
	c := b.Call
	events = append(events, Event{Kind: EventCall, ID: c.ID, Name: c.Name, Custom: c.Custom, Signature: b.Signature})
	return append(events, Event{Kind: EventArgs, Text: c.ArgsText()}, Event{Kind: EventCallEnd})
}

// ArgsText returns the call's arguments as text for the inside of a JSON string.
func (c *Call) ArgsText() scan.Text {
	switch {
	case c.Custom:
		return c.Input
	case c.Broken != nil:
		return c.Broken
	case len(c.Args) == 0:
		return scan.Text("{}")
	}
	return scan.AppendText(make(scan.Text, 0, len(c.Args)+len(c.Args)/8), string(c.Args))
}
