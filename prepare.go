package xjpgateway

import (
	"cmp"
	"slices"

	"github.com/rickyjim626/xjp-gateway/estimate"
	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// prepare makes the body for the provider: the client's own with a few edits where the
// dialect is the same, a translation of it otherwise.
func (a *attempt) prepare() (*segments, *failure) {
	build := a.translate
	if a.pass {
		build = a.patch
	}
	body, err := build()
	if err != nil {
		return nil, &failure{err: err, verdict: providers.Verdict{Action: providers.Next}}
	}
	if lost := a.c.losses(); a.strict && len(lost) > 0 {
		return nil, &failure{verdict: providers.Verdict{Action: providers.Next},
			err: translate.Invalid(lost[0].Field, "the model's route would carry "+lost[0].Field+" only "+string(lost[0].Action)+", and it is strict")}
	}
	if a.rewrites() {
		a.built = body.bytes(getBuffer(int(body.size)))
		a.call.Body = a.built
		return newSegments(a.built), nil
	}
	a.call.Body = a.c.body
	return body, nil
}

// losses are what decoding and encoding the request have lost.
func (c *call) losses() []translate.Loss {
	if c.req == nil {
		return c.x.Losses.List()
	}
	return append(slices.Clone(c.lost.List()), c.x.Losses.List()...)
}

// patch edits the client's body for a provider of the same dialect.
func (a *attempt) patch() (*segments, *translate.Error) {
	c := a.c
	c.x.Request = &translate.Request{Model: c.ask.model, Stream: a.stream, IncludeUsage: c.ask.includeUsage}
	edits, err := c.dialect.PatchRequest(c.document(), &c.x)
	if err != nil {
		return nil, err
	}
	if edits, err = a.inlineRemote(edits); err != nil {
		return nil, err
	}
	return spliced(c.body, a.fieldEdits(edits)), nil
}

// fieldEdits adds the route's own fields to the edits and removes denied ones.
func (a *attempt) fieldEdits(edits []scan.Edit) []scan.Edit {
	denied := a.denied()
	if len(denied) == 0 && len(a.route.extra) == 0 {
		return edits
	}
	root := a.c.document().Root()
	members := root.Layout()
	for i := 0; i < len(members); i++ {
		run := i
		for run < len(members) && a.isDenied(denied, members[run]) {
			a.c.x.Losses.Drop(string(members[run].Key))
			run++
		}
		if run > i {
			edits = append(edits, scan.Removal(members, i, run))
			i = run
		}
	}
	for _, f := range a.route.extra {
		edits = append(edits, setting(members, f, root))
	}
	return sorted(edits)
}

// sorted brings edits into the order in which they are applied.
func sorted(edits []scan.Edit) []scan.Edit {
	slices.SortStableFunc(edits, func(x, y scan.Edit) int { return cmp.Compare(x.Start, y.Start) })
	return edits
}

func (a *attempt) denied() []string {
	if g, ok := a.route.upstream.Provider.(providers.Guard); ok {
		return g.DeniedFields(a.target.route)
	}
	return nil
}

// isDenied reports whether a client's member must go. One that the route sets itself is
// replaced instead.
func (a *attempt) isDenied(denied []string, m scan.Member) bool {
	return slices.Contains(denied, string(m.Key)) &&
		!slices.ContainsFunc(a.route.extra, func(f extraField) bool { return f.name == string(m.Key) })
}

// setting replaces a member's value, or adds the member at the object's end.
func setting(members []scan.Member, f extraField, root scan.Value) scan.Edit {
	for _, m := range members {
		if string(m.Key) == f.name {
			return scan.Edit{Start: m.Value.Start(), End: m.Value.End(), With: f.raw}
		}
	}
	with := append([]byte{','}, '"')
	with = scan.AppendText(with, f.name)
	with = append(append(with, '"', ':'), f.raw...)
	return scan.Edit{Start: root.End() - 1, End: root.End() - 1, With: with}
}

// decoded reads the client's request into the neutral form, once.
func (c *call) decoded() (*translate.Request, *translate.Error) {
	if c.req != nil {
		return c.req, nil
	}
	req, err := c.dialect.DecodeRequest(c.document(), &c.lost)
	if err != nil {
		return nil, err
	}
	c.req = req
	return req, nil
}

// translate converts the client's request for a provider of another dialect.
func (a *attempt) translate() (*segments, *translate.Error) {
	c := a.c
	decoded, err := c.decoded()
	if err != nil {
		return nil, err
	}
	req := *decoded
	req.Stream = a.stream
	if a.sent.Family != "" {
		c.s.runtime.recall.Fill(c.principal(), &req, &a.sent)
	}
	if err := a.inline(&req); err != nil {
		return nil, err
	}
	c.x.Request = decoded
	if c.ask.stream && c.dialect == anthropicDialect {
		c.x.PromptEstimate = estimate.Request(&req)
	}
	out, err := outbound(a.target.route.Wire).EncodeRequest(getBuffer(len(c.body)+len(c.body)/4), &req, &c.x)
	if err != nil {
		return nil, err
	}
	a.built = out
	if len(a.route.extra) == 0 {
		return newSegments(out), nil
	}
	return a.withExtra(out), nil
}

// withExtra adds the route's own fields to a translated body.
func (a *attempt) withExtra(body []byte) *segments {
	v, err := scan.Parse(body)
	if err != nil {
		return newSegments(body)
	}
	var edits []scan.Edit
	members := v.Layout()
	for _, f := range a.route.extra {
		edits = append(edits, setting(members, f, v))
	}
	return spliced(body, sorted(edits))
}

// principal is under whose name reasoning is remembered.
func (c *call) principal() string {
	if c.key == nil {
		return ""
	}
	return c.key.ID
}
