package openai

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/emit"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// citation is a source that a block names, kept until the block's extent is known.
type citation struct {
	block      int
	url, title scan.Text
	start, end int // within the block, in code points; end 0 is the whole block
}

// cite keeps a citation for the end; only web sources have a counterpart (4.2).
func (c *choice) cite(block int, source *translate.Citation, x *translate.Exchange) {
	if len(source.URL) == 0 {
		x.AnswerLosses.Drop("citations")
		return
	}
	c.citations = append(c.citations, citation{block, clone(source.URL), clone(source.Title), source.Start, source.End})
}

// writeAnnotations writes the citations, with their places in content in code points.
func (c *choice) writeAnnotations(w *emit.Writer) {
	w.KeyArray("annotations")
	for _, n := range c.citations {
		from, to := 0, 0
		if b := c.find(n.block); b != nil {
			from, to = b.start, b.end
		}
		if n.end > 0 {
			from, to = from+n.start, from+n.end
		}
		w.Object()
		w.KeyString("type", "url_citation")
		w.KeyObject("url_citation")
		w.KeyText("url", n.url)
		w.KeyText("title", n.title)
		w.KeyInt("start_index", int64(from))
		w.KeyInt("end_index", int64(to))
		w.EndObject()
		w.EndObject()
	}
	w.EndArray()
}

// codePoints counts the characters of a text in wire form. An escaped character counts
// one, the halves of a surrogate pair together as well.
func codePoints(t scan.Text) int {
	n := 0
	for i := 0; i < len(t); i++ {
		switch c := t[i]; {
		case c == '\\' && i+1 < len(t):
			i++
			if t[i] == 'u' && i+4 < len(t) {
				if t[i+1]|0x20 == 'd' && t[i+2]|0x20 >= 'c' { // the second half of a pair
					n--
				}
				i += 4
			}
			n++
		case c < 0x80 || c >= 0xC0:
			n++
		}
	}
	return n
}
