package replay

import (
	"strconv"
	"strings"
)

// geminiReader gathers what the documents of Gemini say.
type geminiReader struct {
	*said
	indexes                                     map[int64]bool
	prompt, candidates, thoughts, tools, cached int64
	total                                       int64
	inCode                                      bool
	args                                        any  // of the call whose arguments come in pieces
	calling                                     bool // there is one
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
			r.indexes[0] = true // the refusal
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
	thought, _ := at(p, "thought").(bool)
	if sig := str(at(p, "thoughtSignature")); sig != "" && at(p, "toolCall") == nil && at(p, "toolResponse") == nil {
		r.seals = append(r.seals, sig)
		if !thought && at(p, "functionCall") == nil {
			r.textSeals = append(r.textSeals, sig)
		}
	}
	switch text := str(at(p, "text")); {
	case at(p, "functionCall") != nil:
		r.call(at(p, "functionCall"))
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

// call reads a call. One whose arguments come in pieces goes on in parts without a name.
func (r *geminiReader) call(f any) {
	if name := str(at(f, "name")); name != "" {
		args := ""
		if a := at(f, "args"); a != nil {
			args = encode(a)
		}
		r.add(name, args)
		r.args, r.calling = nil, true
	}
	for _, piece := range list(at(f, "partialArgs")) {
		r.args = put(r.args, strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(str(at(piece, "jsonPath"))), ".")[1:], piece)
	}
	if n := len(r.calls) - 1; r.calling && r.args != nil {
		r.calls[n].args = canonical(encode(r.args))
	}
}

// put puts a piece into a value at a path.
func put(into any, path []string, piece any) any {
	if len(path) == 0 {
		if more, ok := at(piece, "stringValue").(string); ok {
			before, _ := into.(string)
			return before + more
		}
		for _, key := range []string{"numberValue", "boolValue"} {
			if v := at(piece, key); v != nil {
				return v
			}
		}
		return nil
	}
	if i, err := strconv.Atoi(path[0]); err == nil {
		array := list(into)
		for len(array) <= i {
			array = append(array, nil)
		}
		array[i] = put(array[i], path[1:], piece)
		return array
	}
	object, _ := into.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = put(object[path[0]], path[1:], piece)
	return object
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
