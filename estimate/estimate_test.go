package estimate

import (
	"slices"
	"strings"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
)

// slack is how many tokens an estimate may be too low beside the ten percent: prompts of
// a few words are not what clients compact by.
const slack = 30

// bounds are for the prompts of one maker's models: the share that may be estimated too
// low by more than ten percent and the slack, and how far the middle may lie above the
// truth. They are a little above what was measured.
var bounds = map[string]struct{ tooLow, median float64 }{
	"Claude, text":  {0.06, 1.4},
	"Claude, tools": {0.04, 1.4},
	"OpenAI, text":  {0.03, 1.7},
	"Gemini, text":  {0.02, 2.4},
}

// TestAgainstRecordings: what providers counted and what is estimated. Prompts to which the
// provider adds by its own work (search, code, files) are left out, and media, whose cost
// does not follow from their bytes.
func TestAgainstRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("shares of a sample say little")
	}
	ratios, low := map[string][]float64{}, map[string]int{}
	for _, e := range traffic.Load(t, "openai-chat", "anthropic-messages", "anthropic-count-tokens", "gemini-generate") {
		group, counted, estimated := compare(e)
		if counted < 20 || group == "" {
			continue
		}
		ratios[group] = append(ratios[group], float64(estimated)/float64(counted))
		if float64(estimated) < 0.9*float64(counted)-slack {
			low[group]++
		}
	}
	t.Run("pain 30: an estimate is rarely too low by more than a tenth", func(t *testing.T) { judge(t, ratios, low) })
}

func judge(t *testing.T, ratios map[string][]float64, low map[string]int) {
	for _, group := range []string{"Claude, text", "Claude, tools", "OpenAI, text", "OpenAI, tools", "Gemini, text"} {
		list := ratios[group]
		if len(list) == 0 {
			t.Errorf("no recordings of %s", group)
			continue
		}
		slices.Sort(list)
		at := func(part float64) float64 { return list[int(part*float64(len(list)-1))] }
		share := float64(low[group]) / float64(len(list))
		t.Logf("%-14s %3d prompts: estimate/count is %.2f at 5%%, %.2f in the middle, %.2f at 95%%; too low: %.1f%%", group, len(list), at(.05), at(.5), at(.95), 100*share)
		if b, ok := bounds[group]; ok && (share > b.tooLow || at(.5) > b.median) {
			t.Errorf("%s: %.3f too low, median %.2f, bounds %+v", group, share, at(.5), b)
		}
	}
}

// compare gives a recording's group, the provider's count and the estimate.
func compare(e *traffic.Exchange) (group string, counted, estimated int64) {
	answer, err := scan.Parse(e.Answer())
	if err != nil || e.Request == nil || e.Response.Status != 200 {
		return "", 0, 0
	}
	doc := new(scan.Doc)
	if doc.Parse(e.Request.Body, scan.DefaultLimits) != nil || doc.Root().Kind() != scan.Object {
		return "", 0, 0
	}
	var lost translate.Losses
	var r *translate.Request
	var failed *translate.Error
	usage := answer.Get("usage")
	count := func(v scan.Value, names ...string) (n int64) {
		for _, name := range names {
			c, _ := v.Get(name).Int()
			n += c
		}
		return n
	}
	switch {
	case e.API == "gemini-generate":
		if body := string(e.Request.Body); !plainGemini(body) {
			return "", 0, 0
		}
		return "Gemini, text", count(answer.Get("usageMetadata"), "promptTokenCount"), Body(doc)
	case e.API == "anthropic-messages":
		r, failed = anthropic.Dialect{}.DecodeRequest(doc, &lost)
		counted, group = count(usage, "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"), "Claude"
	case e.API == "anthropic-count-tokens":
		r, failed = anthropic.DecodeCount(doc, &lost)
		counted, group = count(answer, "input_tokens"), "Claude"
	case e.Provider == "openai":
		r, failed = openai.Dialect{}.DecodeRequest(doc, &lost)
		counted, group = count(usage, "prompt_tokens"), "OpenAI"
	}
	if failed != nil || r == nil || !countable(r) {
		return "", 0, 0
	}
	if len(r.Tools) > 0 {
		return group + ", tools", counted, Request(r)
	}
	return group + ", text", counted, Request(r)
}

// plainGemini reports whether a body of Gemini's holds neither media nor tools.
func plainGemini(body string) bool {
	for _, word := range []string{"inlineData", "inline_data", "fileData", "file_data", `"tools"`, "cachedContent", "cached_content", "esponse_schema", "esponseSchema", "esponseJsonSchema"} {
		if strings.Contains(body, word) {
			return false
		}
	}
	return true
}

// countable reports whether a prompt is all that the provider counted.
func countable(r *translate.Request) bool {
	for _, t := range r.Tools {
		if t.Server != "" {
			return false
		}
	}
	var known func([]translate.Block) bool
	known = func(blocks []translate.Block) bool {
		for _, b := range blocks {
			if b.Kind == translate.MediaBlock || b.Kind == translate.OpaqueBlock || b.Kind == translate.ResultBlock && !known(b.Result.Blocks) {
				return false
			}
		}
		return true
	}
	for _, turn := range r.Turns {
		if !known(turn.Blocks) {
			return false
		}
	}
	return r.WebSearch == nil
}

// prompt is a request of one text.
func prompt(text string) *translate.Request {
	return &translate.Request{Turns: []translate.Turn{{Role: translate.User, Blocks: []translate.Block{{Text: scan.Quote(text)}}}}}
}

func TestRequest(t *testing.T) {
	empty := Request(prompt(""))
	media := func(m translate.Media) *translate.Request {
		r := prompt("")
		r.Turns[0].Blocks[0] = translate.Block{Kind: translate.MediaBlock, Media: &m}
		return r
	}
	data := func(n int) []byte { return []byte(strings.Repeat("A", n)) }
	for _, test := range []struct {
		name     string
		r        *translate.Request
		from, to int64 // tokens above an empty prompt
	}{
		{"English, about four letters a token", prompt(strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100)), 900, 1300},
		{"Chinese, about a character a token", prompt(strings.Repeat("今天天气很好", 100)), 600, 750},
		{"Russian, about two letters a token", prompt(strings.Repeat("Сегодня хорошая погода ", 100)), 1000, 1700},
		{"digits, about two a token", prompt(strings.Repeat("12345 ", 100)), 200, 350},
		{"an image, whatever its size", media(translate.Media{Kind: translate.Image, Data: data(4 << 20)}), 1500, 1700},
		{"a small document", media(translate.Media{Kind: translate.Document, Data: data(1000)}), 1400, 1600},
		{"a large document, by its size", media(translate.Media{Kind: translate.Document, Data: data(4 << 20)}), 90_000, 120_000},
		{"a document that is text", media(translate.Media{Kind: translate.Document, Plain: scan.Text(strings.Repeat("word ", 100))}), 90, 140},
	} {
		t.Run(test.name, func(t *testing.T) {
			if n := Request(test.r) - empty; n < test.from || n > test.to {
				t.Errorf("%d tokens, want from %d to %d", n, test.from, test.to)
			}
		})
	}
	t.Run("more is never less", func(t *testing.T) {
		last := int64(0)
		for n := range 300 {
			if now := Request(prompt(strings.Repeat("a é 今 \" 1\n", n))); now < last {
				t.Fatalf("%d after %d", now, last)
			} else {
				last = now
			}
		}
	})
}

// TestBody: a body that is not decoded is estimated like one that is, without its media.
func TestBody(t *testing.T) {
	parsed := func(body string) *scan.Doc {
		doc := new(scan.Doc)
		if err := doc.Parse([]byte(body), scan.DefaultLimits); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 200)
	decoded, raw := Request(prompt(text)), Body(parsed(`{"model":"m","messages":[{"role":"user","content":"`+text+`"}]}`))
	if raw < decoded*9/10 || raw > decoded*12/10 {
		t.Errorf("%d undecoded, %d decoded", raw, decoded)
	}
	if n := Body(parsed(`{"messages":[{"content":[{"url":"data:image/png;base64,` + strings.Repeat("A", 4<<20) + `"}]}]}`)); n < 1600 || n > 1800 {
		t.Errorf("an image is %d tokens", n)
	}
}
