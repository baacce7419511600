// Package estimate tells about how many tokens a prompt has, without a tokenizer. It
// leans to the high side, since a count that is too low breaks clients that compact by
// it (pain 30).
package estimate

import (
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// Weights in thousandths of a token. They were fitted to recorded prompts with known
// counts; the test prints how well they do.
const (
	perLetter   = 250  // a letter of a word
	perOther    = 480  // a digit or a sign
	perSpace    = 60   // white space, which mostly joins the word after it
	perTwoByte  = 640  // a character of two bytes: Cyrillic, Greek, accents
	perWide     = 1150 // a character of three or four bytes: CJK, emoji
	perTurn     = 5000
	perBlock    = 2000
	perTool     = 30_000
	perRequest  = 8000
	perImage    = 1_600_000
	perDocument = 1_500_000 // at least; more by size
	perPDFByte  = 25
	perMedia    = 1_000_000
	// What providers add of their own once there are tools, or a schema for the answer:
	// Claude 4.5 is the most talkative of those that are common.
	toolsPrompt  = 560_000
	formatPrompt = 130_000
)

// Request estimates a decoded prompt.
func Request(r *translate.Request) int64 {
	n := int64(perRequest)
	for i := range r.Turns {
		n += perTurn + blocks(r.Turns[i].Blocks)
	}
	if len(r.Tools) > 0 {
		n += toolsPrompt
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		n += perTool + text(t.Name) + text(t.Description) + text(t.Schema) + text(t.Raw)
	}
	if len(r.Format.Schema) > 0 {
		n += formatPrompt + text(r.Format.Schema)
	}
	return (n + 999) / 1000
}

func blocks(list []translate.Block) int64 {
	var n int64
	for i := range list {
		n += perBlock + block(&list[i])
	}
	return n
}

func block(b *translate.Block) int64 {
	switch b.Kind {
	case translate.MediaBlock:
		return medium(b.Media)
	case translate.CallBlock:
		return perTurn + text(b.Call.ID) + text(b.Call.Name) + text(b.Call.Args) + text(b.Call.Broken) + text(b.Call.Input)
	case translate.ResultBlock:
		return perTurn + text(b.Result.CallID) + blocks(b.Result.Blocks)
	case translate.ReasoningBlock:
		return text(b.Reasoning.Text) + text(b.Reasoning.Redacted)/4
	case translate.SearchBlock:
		return text(b.Search.Title) + text(b.Search.Source) + blocks(b.Search.Blocks)
	case translate.OpaqueBlock:
		return text(b.Opaque.Raw)
	}
	return text(b.Text)
}

func medium(m *translate.Media) int64 {
	switch {
	case m.Plain != nil:
		return text(m.Plain)
	case m.Content != nil:
		return blocks(m.Content)
	case m.Kind == translate.Image:
		return perImage
	case m.Kind == translate.Document:
		return max(perDocument, int64(len(m.Data))*perPDFByte)
	}
	return max(perMedia, int64(len(m.Data))*4)
}

// classes tells for each byte what it weighs.
var classes = func() (table [256]uint16) {
	for i := range table {
		switch c := byte(i); {
		case c >= 0xE0:
			table[i] = perWide
		case c >= 0xC0:
			table[i] = perTwoByte
		case c >= 0x80: // the rest of a character
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			table[i] = perLetter
		case c == ' ':
			table[i] = perSpace
		default:
			table[i] = perOther
		}
	}
	return table
}()

// text weighs text in JSON's wire form.
func text[T ~[]byte](t T) int64 {
	var n int64
	for _, c := range t {
		n += int64(classes[c])
	}
	return n
}

// maxInline is the length from which a string without spaces is taken for base64 data.
const maxInline = 2048

// Body estimates a prompt whose body is validated but not decoded: by its strings,
// without media.
func Body(doc *scan.Doc) int64 { return (perRequest + value(doc.Root()) + 999) / 1000 }

// The pieces of a body that Rough looks at: one of so many bytes in each stride, of which so
// many tell whether it is base64 data. Of a large body, whose middle is most probably data,
// only the edges are looked at so closely.
const (
	piece  = 128
	stride = 1024
	glance = 40
	edge   = 64 << 10
	middle = 256 // pieces
)

// Rough estimates such a prompt by pieces of its body, whatever they are part of, in a small
// part of the time: good enough for what is reserved and will be settled, as long as what
// it is wrong by is about the same every time (see Calibration). Pieces of base64 data count
// for nothing, and each run of them that it sees for one image.
func Rough(body []byte) int64 {
	p := pieces{weight: perRequest}
	if len(body) <= 4*edge {
		p.look(body, stride)
	} else {
		p.look(body[:edge], stride)
		p.look(body[edge:len(body)-edge], (len(body)-2*edge)/middle)
		p.look(body[len(body)-edge:], stride)
	}
	return (p.weight + 999) / 1000
}

// pieces is what Rough has seen.
type pieces struct {
	weight int64
	inData bool
}

// look weighs a piece in each step.
func (p *pieces) look(body []byte, step int) {
	for i := 0; i < len(body); i += step {
		part := body[i:min(i+piece, len(body))]
		if len(part) >= glance && isData(part[:glance]) {
			if !p.inData {
				p.weight += perImage
			}
			p.inData = true
			continue
		}
		p.inData = false
		p.weight += text(part) * int64(min(step, len(body)-i)) / int64(len(part))
	}
}

// isData reports whether a piece can be of base64 data alone.
func isData(part []byte) bool {
	for _, c := range part {
		if c == ' ' || c == '"' || c == '\\' || c == ',' || c >= 0x80 {
			return false
		}
	}
	return true
}

// value weighs what is in a value.
func value(v scan.Value) int64 {
	var n int64
	switch v.Kind() {
	case scan.Object:
		for key, member := range v.Members() {
			n += text(key) + value(member)
		}
	case scan.Array:
		for e := range v.Elements() {
			n += perBlock + value(e)
		}
	case scan.String:
		if t := v.Text(); len(t) > maxInline && dense(t[:maxInline]) {
			n = perImage
		} else {
			n = text(t)
		}
	default:
		n = perOther
	}
	return n
}

// dense reports whether a text has no spaces.
func dense(t scan.Text) bool {
	for _, c := range t {
		if c == ' ' || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
