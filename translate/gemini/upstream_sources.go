package gemini

import (
	"bytes"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// said is a candidate's text, for the places that sources belong to: Google counts bytes
// over all text parts, clients count characters within a block.
type said struct {
	kept   bool // the text is kept, since a search was asked for
	text   []byte
	blocks []saidBlock // only the last one where the text is not kept
}

// saidBlock is where a text block begins in the text.
type saidBlock struct{ number, at int }

// maxSaid bounds the text that is kept; sources of text beyond have no place.
const maxSaid = 1 << 20

func (s *said) begin(block int) {
	if !s.kept {
		s.blocks = s.blocks[:0]
	}
	s.blocks = append(s.blocks, saidBlock{block, len(s.text)})
}

func (s *said) add(t scan.Text) {
	if s.kept = s.kept && len(s.text)+len(t) <= maxSaid; s.kept {
		s.text = t.AppendTo(s.text)
	}
}

// place finds a segment: its block and its characters within; 0 to 0 is the whole block.
// The bytes that Google gives are off by a few at times: the words count more.
func (s *said) place(segment scan.Value) (block, from, to int) {
	start, _ := segment.Get("startIndex").Int()
	end, _ := segment.Get("endIndex").Int()
	words := segment.Get("text").Str()
	fits := 0 <= start && start < end && end <= int64(len(s.text))
	if words != "" && !(fits && string(s.text[start:end]) == words) {
		start = int64(bytes.Index(s.text, []byte(words)))
		end = start + int64(len(words))
		fits = start >= 0
	}
	if !fits {
		return s.blocks[len(s.blocks)-1].number, 0, 0
	}
	b := s.blocks[0]
	for _, next := range s.blocks[1:] {
		if int64(next.at) <= start {
			b = next
		}
	}
	from = utf8.RuneCount(s.text[min(int64(b.at), start):start])
	return b.number, from, from + utf8.RuneCount(s.text[start:end])
}

// cite reads what an event says about sources. The web pages of a search stand in each
// event anew, or in the last one only; they are told at the end.
func (d *decoder) cite(c *candidate, v scan.Value) {
	if g := v.Get("groundingMetadata"); g.Kind() == scan.Object && g.Len() > 0 {
		c.grounding = append(c.grounding[:0], g.Raw()...)
	}
	if v.Get("urlContextMetadata").Len() > 0 {
		d.x.AnswerLosses.Drop("urlContextMetadata")
	}
	m := v.Get("citationMetadata")
	for _, key := range []string{"citationSources", "citations"} { // AI Studio, Vertex AI
		for source := range m.Get(key).Elements() {
			d.citation(c, source, source, "citationMetadata")
		}
	}
}

// sources tells the pages that grounding names: for each stretch of text that they support,
// else for the whole text.
func (d *decoder) sources(c *candidate) {
	if len(c.grounding) == 0 {
		return
	}
	g, err := scan.Parse(c.grounding)
	if err != nil {
		return
	}
	var pages []scan.Value
	for chunk := range g.Get("groundingChunks").Elements() {
		pages = append(pages, chunk)
	}
	told := make([]bool, len(pages))
	for support := range g.Get("groundingSupports").Elements() {
		for index := range support.Get("groundingChunkIndices").Elements() {
			if i, ok := index.Int(); ok && i >= 0 && i < int64(len(pages)) {
				told[i] = true
				d.citation(c, page(pages[i]), support.Get("segment"), "groundingMetadata")
			}
		}
	}
	for i, chunk := range pages {
		if !told[i] {
			d.citation(c, page(chunk), scan.Value{}, "groundingMetadata")
		}
	}
	if g.Get("searchEntryPoint").Exists() {
		d.x.AnswerLosses.Drop("searchEntryPoint")
	}
}

// page is what a grounding chunk holds: a page of the web, of the operator's own documents,
// or of a map.
func page(chunk scan.Value) scan.Value {
	for _, m := range chunk.Members() {
		if m.Kind() == scan.Object {
			return m
		}
	}
	return chunk
}

// citation tells one source for a segment of the text. field is what is lost where there
// is no address, or no text for it to belong to.
func (d *decoder) citation(c *candidate, source, segment scan.Value, field string) {
	uri := source.Get("uri").Text()
	if len(uri) == 0 || len(c.said.blocks) == 0 {
		d.x.AnswerLosses.Drop(field)
		return
	}
	block, from, to := c.said.place(segment)
	d.add(translate.Event{Kind: translate.EventCitation, Choice: c.index, Block: block, Citation: &translate.Citation{
		URL: uri, Title: source.Get("title").Text(), Cited: segment.Get("text").Text(),
		Start: from, End: to, Dialect: "gemini", Raw: source.Raw(),
	}})
}
