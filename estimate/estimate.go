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
func Body(doc *scan.Doc) int64 { return (perRequest + value(doc.Root(), text[scan.Text]) + 999) / 1000 }

// Rough estimates such a prompt from samples of its text, in a small part of the time: good
// enough for what is reserved and will be settled.
func Rough(doc *scan.Doc) int64 {
	var s sampler
	n := perRequest + value(doc.Root(), s.weigh)
	return (n + s.owed*s.weight/max(s.bytes, 1) + 999) / 1000
}

// value weighs what is in a value, its strings by weigh.
func value(v scan.Value, weigh func(scan.Text) int64) int64 {
	var n int64
	switch v.Kind() {
	case scan.Object:
		for key, member := range v.Members() {
			n += weigh(key) + value(member, weigh)
		}
	case scan.Array:
		for e := range v.Elements() {
			n += perBlock + value(e, weigh)
		}
	case scan.String:
		if t := v.Text(); len(t) > maxInline && dense(t[:maxInline]) {
			n = perImage
		} else {
			n = weigh(t)
		}
	default:
		n = perOther
	}
	return n
}

// sampler weighs the beginning of a prompt, and from there on a piece of each stride of its
// text; the rest of the stride is taken to be like that.
type sampler struct {
	seen  int64 // bytes of text
	owed  int64 // of them, those that the next piece will stand for
	bytes int64 // of the last piece
	// weight is that of the last piece.
	weight int64
}

// What a sampler weighs.
const (
	weighedWhole = 4096
	stride       = 1024
	piece        = 128
)

func (s *sampler) weigh(t scan.Text) (n int64) {
	if s.seen += int64(len(t)); s.seen <= weighedWhole {
		return text(t)
	}
	for len(t) > 0 {
		part := t[:min(len(t), stride)]
		t = t[len(part):]
		if s.owed += int64(len(part)); s.owed < stride {
			return n
		}
		part = part[:min(len(part), piece)]
		s.bytes, s.weight = int64(len(part)), text(part)
		n += s.owed * s.weight / s.bytes
		s.owed = 0
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
