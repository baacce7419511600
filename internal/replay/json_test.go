package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
)

type object = map[string]any

// at walks into decoded JSON by names and indexes; nil if there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(object)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

func str(v any) string { s, _ := v.(string); return s }

func list(v any) []any { l, _ := v.([]any); return l }

func num(v any) int64 {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := n.Int64()
	if err != nil {
		f, _ := n.Float64()
		return int64(f)
	}
	return i
}

// first gives the first count that is not zero.
func first(values ...any) int64 {
	for _, v := range values {
		if n := num(v); n != 0 {
			return n
		}
	}
	return 0
}

func decode(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return strings.TrimSpace(b.String())
}

// canonical brings JSON into one form; text that is none stays as it is. Arguments are
// an object, so that one encoded twice is read twice and null is an empty one
// (wire-openai-anthropic.md 2.4, 5.4).
func canonical(text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if strings.TrimSpace(text) == "" {
		return "{}"
	}
	if err := d.Decode(&v); err != nil {
		return text
	}
	switch s := v.(type) {
	case nil:
		return "{}"
	case string:
		return canonical(s)
	}
	return encode(v)
}

// records are the documents of an answer: one, or those of a stream.
func records(e *traffic.Exchange) []any {
	if e.Response.BodyKind != "sse" {
		return documents(e.Answer())
	}
	var out []any
	for _, data := range events(e.Answer()) {
		out = append(out, documents(data)...)
	}
	return out
}

// events are the data of the records of an event stream.
func events(body []byte) [][]byte {
	var out [][]byte
	r := bufio.NewReader(bytes.NewReader(body))
	var data []string
	for {
		line, err := r.ReadString('\n')
		line = strings.TrimLeft(strings.TrimRight(line, "\r\n"), " ") // OpenRouter sends blanks ahead
		if rest, ok := strings.CutPrefix(line, "data:"); ok {
			data = append(data, strings.TrimSpace(rest))
		}
		if (line == "" || err == io.EOF) && data != nil {
			out, data = append(out, []byte(strings.Join(data, "\n"))), nil
		}
		if err == io.EOF {
			return out
		}
	}
}

// documents are the JSON documents that stand one after the other, or in a list.
func documents(data []byte) []any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var out []any
	for {
		var v any
		if err := d.Decode(&v); err != nil {
			return out
		}
		if l, ok := v.([]any); ok {
			out = append(out, l...)
			continue
		}
		out = append(out, v)
	}
}

func sortedKeys(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
