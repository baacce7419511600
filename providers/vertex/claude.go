package vertex

import (
	"net/http"
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/providers"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// claudePath is the path for a Claude model. Tokens are counted by a model of its own,
// with the model's name in the body (B26).
func claudePath(p *place, call *providers.Call) string {
	if call.Op == providers.CountTokens {
		return p.path[:strings.LastIndexByte(p.path, '/')] + "/count-tokens:rawPredict"
	}
	if call.Stream {
		return p.path + ":streamRawPredict"
	}
	return p.path + ":rawPredict"
}

// RewritesBody reports that betas and the counter's model go into the body of Claude's
// calls.
func (c *Client) RewritesBody(r *providers.Route) bool {
	return r.Data.(*place).publisher == "anthropic"
}

// claude forwards the betas that Vertex takes, some in the header and some in the body,
// and none to the counter (B25).
func (c *Client) claude(r *http.Request, call *providers.Call) {
	if call.Op == providers.CountTokens {
		call.Body = withCountModel(call.Body)
		return
	}
	if !call.PassThrough || call.NoBetas {
		return
	}
	var header, body []string
	for _, beta := range providers.Betas(call.Client) {
		if slices.Contains(c.settings.HeaderBetas, beta) {
			header = append(header, beta)
		}
		if slices.Contains(c.settings.BodyBetas, beta) {
			body = append(body, beta)
		}
	}
	if len(header) > 0 {
		r.Header.Set("Anthropic-Beta", strings.Join(header, ","))
	}
	if len(body) > 0 {
		call.Body = withBetas(call.Body, body)
	}
}

// withCountModel strips the tags of a model's name that the counter does not know.
func withCountModel(body []byte) []byte {
	v, err := scan.Parse(body)
	if err != nil {
		return body
	}
	model := v.Get("model")
	name := model.Str()
	for _, tag := range []string{"@default", "@latest"} {
		name = strings.TrimSuffix(name, tag)
	}
	if !model.Exists() || name == model.Str() {
		return body
	}
	with := append(scan.AppendText([]byte{'"'}, name), '"')
	return scan.Splice(nil, body, []scan.Edit{{Start: model.Start(), End: model.End(), With: with}})
}

// withBetas adds the list anthropic_beta to a body that has none.
func withBetas(body []byte, betas []string) []byte {
	v, err := scan.Parse(body)
	if err != nil || v.Get("anthropic_beta").Exists() {
		return body
	}
	with := []byte(`,"anthropic_beta":[`)
	for i, beta := range betas {
		if i > 0 {
			with = append(with, ',')
		}
		with = append(scan.AppendText(append(with, '"'), beta), '"')
	}
	end := v.End() - 1
	return scan.Splice(nil, body, []scan.Edit{{Start: end, End: end, With: append(with, ']')}})
}
