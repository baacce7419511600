package providers

import (
	"net/http"
	"strings"
)

// AnthropicVersion is the version that translated requests are made for.
const AnthropicVersion = "2023-06-01"

// AnthropicHeaders sets the headers of Anthropic's API. In pass-through the client's
// own go on unchanged, all lines and all of them but credentials, since betas are an
// open list; otherwise only the version is sent (claude-code-gateway.md 2; CC4 to CC6).
func AnthropicHeaders(to http.Header, c *Call) {
	if c.PassThrough {
		for name, values := range c.Client {
			if strings.HasPrefix(name, "Anthropic-") && (name != "Anthropic-Beta" || !c.NoBetas) {
				to[name] = values
			}
		}
	}
	if to.Get("Anthropic-Version") == "" {
		to.Set("Anthropic-Version", AnthropicVersion)
	}
	SetAccept(to, c)
}

// SetAccept says which form of answer the call wants.
func SetAccept(to http.Header, c *Call) {
	if c.Stream {
		to.Set("Accept", "text/event-stream")
		return
	}
	to.Set("Accept", "application/json")
}

// Betas lists the client's beta features, in order.
func Betas(client http.Header) []string {
	var list []string
	for _, line := range client.Values("Anthropic-Beta") {
		for _, beta := range strings.Split(line, ",") {
			if beta = strings.TrimSpace(beta); beta != "" {
				list = append(list, beta)
			}
		}
	}
	return list
}
