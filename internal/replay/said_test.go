package replay

import (
	"sort"
	"strings"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

// said is what an answer says, read by simple means that share nothing with the
// gateway.
type said struct {
	text      string
	pieces    []string // the text between pieces of code that the model ran
	code      []string // that code, and its output
	reasoning string
	calls     []spoken
	seals     []string
	textSeals []string // those of text, in order
	refusal   string
	images    int
	sounds    int // media that are no images
	finish    string
	choices   int
	usage     counts
	// corrected is true if the host had left reasoning out of the answer's tokens.
	corrected bool
	failed    bool
	// cut is true if the answer never tells that it is complete.
	cut bool
}

// counts are an answer's tokens: all of the prompt and of the answer, and parts of them.
type counts struct{ prompt, answer, cached, thought int64 }

// spoken is a call with its arguments in a canonical form.
type spoken struct{ name, args string }

// gathered is a call on its way.
type gathered struct{ name, args, id string }

func (s *said) add(name, args string) { s.calls = append(s.calls, spoken{name, canonical(args)}) }

// broken reports whether arguments are no JSON, as where the limit cut them off.
func (s *said) broken() bool {
	for _, c := range s.calls {
		if !strings.HasPrefix(c.args, "{") || decode([]byte(c.args)) == nil {
			return true
		}
	}
	return false
}

// read reads the answer of an exchange.
func read(e *traffic.Exchange) said {
	s := said{}
	switch e.API {
	case "openai-chat", "openrouter-chat":
		readChat(&s, records(e))
	case "anthropic-messages":
		readMessages(&s, records(e))
	case "gemini-generate", "gemini-stream":
		readGemini(&s, records(e))
	}
	s.seals = unique(s.seals)
	s.cut = s.finish == "" && (strings.HasPrefix(e.API, "gemini") || e.Response.BodyKind == "sse" && !strings.Contains(string(e.Answer()), "[DONE]"))
	return s
}

func unique(list []string) []string {
	sort.Strings(list)
	var out []string
	for i, s := range list {
		if i == 0 || s != list[i-1] {
			out = append(out, s)
		}
	}
	return out
}
