package relational

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/rickyjim626/xjp-gateway/ledger"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// AppendDocument appends what a record says beside the columns that it has of its own, with
// the names that it has elsewhere. It is done for each request, and by hand costs half of
// what reflection does.
func AppendDocument(dst []byte, r *ledger.Record) []byte {
	o := object(append(dst, '{'))
	o.text("endpoint", r.Endpoint)
	o.text("dialect", r.Dialect)
	o.truth("stream", r.Stream)
	o.number("status", int64(r.Status))
	o.text("error", r.Error)
	o.text("route", r.Route)
	o.text("upstream_model", r.Upstream)
	o.usage(&r.Tokens)
	o.amount("cost", r.Cost)
	o.truth("estimated", r.Estimated)
	o.truth("unpriced", r.Unpriced)
	o.truth("replayed", r.Replayed)
	o.number("latency_ms", r.Latency)
	o.number("first_token_ms", r.FirstToken)
	o.text("losses", r.Losses)
	if len(r.Attempts) > 0 {
		o.name("attempts")
		o = append(o, '[')
		for i := range r.Attempts {
			if i > 0 {
				o = append(o, ',')
			}
			o = append(o, '{')
			o.attempt(&r.Attempts[i])
			o = append(o, '}')
		}
		o = append(o, ']')
	}
	return append(o, '}')
}

// object is JSON as it grows. Members that are not set are left out, as readers take them
// for that.
type object []byte

func (o *object) attempt(a *ledger.Attempt) {
	o.number("number", int64(a.Number))
	o.text("route", a.Route)
	o.text("provider", a.Provider)
	o.text("upstream_model", a.Upstream)
	o.text("dialect", a.Dialect)
	o.text("upstream_id", a.UpstreamID)
	o.number("status", int64(a.Status))
	o.text("end", string(a.End))
	o.text("error", a.Error)
	o.usage(&a.Tokens)
	o.truth("estimated", a.Estimated)
	o.text("raw_usage", a.Raw)
	o.number("images", a.Images)
	o.number("output_images", a.OutputImages)
	o.amount("cost", a.Cost)
	o.truth("unpriced", a.Unpriced)
	o.amount("priced", a.Priced)
	o.text("price", a.Price)
	o.text("reported", a.Reported)
	o.number("start_ms", a.Start)
	o.number("latency_ms", a.Latency)
	o.truth("hedged", a.Hedged)
}

func (o *object) usage(t *ledger.Tokens) {
	if *t == (ledger.Tokens{}) {
		return
	}
	o.name("tokens")
	*o = append(*o, '{')
	o.number("input", t.Input)
	o.number("cache_read", t.CacheRead)
	o.number("cache_write_5m", t.CacheWrite5m)
	o.number("cache_write_1h", t.CacheWrite1h)
	o.number("output", t.Output)
	o.number("reasoning", t.Reasoning)
	o.number("audio_input", t.AudioInput)
	o.number("image_input", t.ImageInput)
	o.number("audio_output", t.AudioOutput)
	o.number("image_output", t.ImageOutput)
	*o = append(*o, '}')
}

// name begins a member.
func (o *object) name(name string) {
	if last := (*o)[len(*o)-1]; last != '{' {
		*o = append(*o, ',')
	}
	*o = append(*o, '"')
	*o = append(*o, name...)
	*o = append(*o, '"', ':')
}

func (o *object) number(name string, n int64) {
	if n != 0 {
		o.name(name)
		*o = strconv.AppendInt(*o, n, 10)
	}
}

func (o *object) amount(name string, a prices.Amount) {
	if a != 0 {
		o.name(name)
		*o = append(*o, '"')
		*o, _ = a.AppendText(*o) // an amount can always be written
		*o = append(*o, '"')
	}
}

func (o *object) truth(name string, is bool) {
	if is {
		o.name(name)
		*o = append(*o, "true"...)
	}
}

func (o *object) text(name, text string) {
	if text == "" {
		return
	}
	o.name(name)
	*o = append(*o, '"')
	begin, from := len(*o), 0
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c >= utf8.RuneSelf:
			*o = append((*o)[:begin-1], quoted(text)...)
			return
		case c == '"' || c == '\\':
			*o = append(append(*o, text[from:i]...), '\\')
			from = i
		}
	}
	*o = append(append(*o, text[from:]...), '"')
}

// quoted is any text at all as JSON.
func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text can always be written
	}
	return b
}
