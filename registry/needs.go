package registry

import "github.com/rickyjim626/xjp-gateway/translate"

// Needs is what a request demands of a route.
type Needs struct {
	// Images, PDF, Audio and Video say which media the conversation holds.
	Images, PDF, Audio, Video bool
	// Tools says whether tools are offered.
	Tools bool
	// Tokens is the estimated size of prompt and answer, 0 if it cannot matter.
	Tokens int64
}

// Lacks names the first need that a route does not meet, "" if it meets all. What is not
// known of a route meets every need.
func (n *Needs) Lacks(caps *translate.Capabilities) string {
	if caps == nil {
		return ""
	}
	for _, need := range [...]struct {
		name      string
		asked, ok bool
	}{
		{"images", n.Images, caps.Images}, {"pdf", n.PDF, caps.PDF}, {"audio", n.Audio, caps.AudioIn},
		{"video", n.Video, caps.VideoIn}, {"tools", n.Tools, caps.Tools},
		{"context_window", n.Tokens > 0, caps.ContextWindow == 0 || n.Tokens <= caps.ContextWindow},
	} {
		if need.asked && !need.ok {
			return need.name
		}
	}
	return ""
}
