package replay

import "strings"

// geminiReader gathers what the documents of Gemini say.
type geminiReader struct {
	*said
	indexes                                     map[int64]bool
	prompt, candidates, thoughts, tools, cached int64
	total                                       int64
	inCode                                      bool
}

func readGemini(s *said, records []any) {
	r := &geminiReader{said: s, indexes: map[int64]bool{}}
	for _, v := range records {
		s.failed = s.failed || at(v, "error") != nil
		if inner := at(v, "response"); inner != nil {
			v = inner
		}
		for _, c := range list(at(v, "candidates")) {
			r.indexes[num(at(c, "index"))] = true
			if num(at(c, "index")) == 0 {
				r.candidate(c)
			}
		}
		if at(v, "promptFeedback", "blockReason") != nil {
			s.finish = "blocked"
		}
		r.count(at(v, "usageMetadata"))
	}
	r.settle()
}

func (r *geminiReader) candidate(c any) {
	for _, p := range list(at(c, "content", "parts")) {
		r.part(p)
	}
	if f := str(at(c, "finishReason")); f != "" {
		r.finish = f
	}
}

func (r *geminiReader) part(p any) {
	if sig := str(at(p, "thoughtSignature")); sig != "" && at(p, "toolCall") == nil && at(p, "toolResponse") == nil {
		r.seals = append(r.seals, sig)
	}
	thought, _ := at(p, "thought").(bool)
	switch text := str(at(p, "text")); {
	case at(p, "functionCall") != nil:
		args := ""
		if a := at(p, "functionCall", "args"); a != nil {
			args = encode(a)
		}
		r.add(str(at(p, "functionCall", "name")), args)
	case at(p, "inlineData") != nil:
		if strings.HasPrefix(str(at(p, "inlineData", "mimeType")), "image/") {
			r.images++
		} else {
			r.sounds++
		}
	case at(p, "executableCode") != nil:
		r.code = append(r.code, str(at(p, "executableCode", "code")))
		r.inCode = true
	case at(p, "codeExecutionResult") != nil:
		r.code = append(r.code, str(at(p, "codeExecutionResult", "output")))
		r.inCode = true
	case thought:
		r.reasoning += text
	default:
		r.text += text
		if r.inCode || len(r.pieces) == 0 {
			r.pieces, r.inCode = append(r.pieces, ""), false
		}
		r.pieces[len(r.pieces)-1] += text
	}
}

// count takes the counts that are not zero: early ones may lack some.
func (r *geminiReader) count(u any) {
	for into, name := range map[*int64]string{
		&r.prompt: "promptTokenCount", &r.candidates: "candidatesTokenCount", &r.thoughts: "thoughtsTokenCount",
		&r.tools: "toolUsePromptTokenCount", &r.cached: "cachedContentTokenCount", &r.total: "totalTokenCount",
	} {
		if n := num(at(u, name)); n > 0 {
			*into = n
		}
	}
}

// settle sums up (provider-gemini-vertex.md 4.4).
func (r *geminiReader) settle() {
	r.usage = counts{prompt: r.prompt + r.tools, answer: r.candidates + r.thoughts, cached: r.cached, thought: r.thoughts}
	if r.thoughts > 0 && r.usage.prompt+r.candidates == r.total {
		r.usage.answer = r.candidates
	}
	r.choices = len(r.indexes)
}
