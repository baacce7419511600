package prices

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"sort"
	"testing"

	"github.com/rickyjim626/xjp-gateway/internal/traffic"
	"github.com/rickyjim626/xjp-gateway/translate"
	"github.com/rickyjim626/xjp-gateway/translate/anthropic"
	"github.com/rickyjim626/xjp-gateway/translate/gemini"
	"github.com/rickyjim626/xjp-gateway/translate/openai"
	"github.com/rickyjim626/xjp-gateway/translate/scan"
	"github.com/rickyjim626/xjp-gateway/translate/sse"
)

// dialects are the decoders of the recorded APIs.
var dialects = map[string]translate.Outbound{
	"openai-chat": openai.Dialect{}, "openrouter-chat": openai.Dialect{}, "anthropic-messages": anthropic.Dialect{},
	"gemini-generate": gemini.Dialect{}, "gemini-stream": gemini.Dialect{},
}

// atTheTime are prices of models that the built-in table leaves out, per million tokens as
// they were when the recordings were made.
var atTheTime = map[string]Rates{
	"grok-code-fast-1":      {Input: 200_000, Output: 1_500_000, CacheRead: 20_000},
	"grok-4-fast-reasoning": {Input: 200_000, Output: 500_000, CacheRead: 50_000},
	"grok-3-mini":           {Input: 300_000, Output: 500_000, CacheRead: 75_000},
	"grok-3-mini-high":      {Input: 300_000, Output: 500_000, CacheRead: 75_000},
}

// otherwise says why a provider's cost is not the price of the tokens.
var otherwise = map[string]string{
	"1d95fab82b8c-000": "a tool that OpenRouter ran is charged beside the tokens",
	"e9b96f33f5b4-000": "a tool that OpenRouter ran is charged beside the tokens",
	"fdf3548fc408-000": "a search is charged beside the tokens, which the maker's price does not know",
	"789933fcccac-000": "recorded before the maker halved the price",
	"e67bea82e896-000": "a host that asked twice the maker's price",
	"ed8756a64894-000": "a host that asked twice the maker's price",
	"fa17063459aa-001": "a router that charges nothing",
}

// Every recorded usage is normalised by the gateway's decoders and priced; where the
// provider gave its own cost the two are compared.
func TestRecordedUsages(t *testing.T) {
	var agree, differ int
	count := map[string]int{}
	book := NewBook(nil)
	for _, e := range traffic.Load(t, "openai-chat", "openrouter-chat", "anthropic-messages", "gemini-generate", "gemini-stream") {
		if e.Response.Status != 200 || e.Response.BodyKind == "json-array-stream" {
			continue
		}
		usage, model, err := decode(e)
		if err != nil {
			count["the answer is a failure"]++
			continue
		}
		checkSums(t, e.ID, usage)
		price := priceThen(book, model)
		charged := Charge(price, usage, noon)
		switch {
		case !usage.Reported:
			count["the provider told no usage"]++
			if !charged.Unknown {
				t.Errorf("%s: nothing was told and it costs %+v", e.ID, charged)
			}
			continue
		case usage.Cost == "":
			count[checkPriced(t, e.ID, charged)]++
			continue
		}
		checkReported(t, e.ID, usage, charged)
		if !charged.HasPriced {
			count["cost told, no price to compare it with"]++
			continue
		}
		same := near(charged.Cost, charged.Priced)
		switch why := otherwise[e.ID]; {
		case same && why == "":
			agree++
		case !same && why != "":
			differ++
			count["cost told, and different: "+why]++
		default:
			t.Errorf("%s: %s says %s for %s, which is priced %s; expected to differ: %q\n%s", e.ID, e.Provider, charged.Cost, model, charged.Priced, why, usage.Raw)
		}
	}
	count["cost told, and equal to the price"] = agree
	for _, line := range lines(count) {
		t.Log(line)
	}
	if !testing.Short() && (agree < 250 || differ != len(otherwise)) {
		t.Errorf("%d costs are as priced and %d are not, of which %d are known", agree, differ, len(otherwise))
	}
}

// decode reads an answer as the gateway does.
func decode(e *traffic.Exchange) (*translate.Usage, string, error) {
	x := &translate.Exchange{Model: e.Model, Target: &translate.Target{Model: e.Model, Quirks: translate.Quirks{OpenRouter: e.API == "openrouter-chat"}}}
	r, failure := whole(dialects[e.API], e, x)
	if failure != nil {
		return nil, "", errors.New(failure.Message)
	}
	if r.Model == "" {
		r.Model = e.Model
	}
	return &r.Usage, r.Model, nil
}

func whole(dialect translate.Outbound, e *traffic.Exchange, x *translate.Exchange) (*translate.Response, *translate.Error) {
	if e.Response.BodyKind != "sse" {
		var doc scan.Doc
		if err := doc.Parse(bytes.TrimSpace(e.Answer()), scan.Limits{}); err != nil {
			return nil, &translate.Error{Message: err.Error()}
		}
		return dialect.DecodeResponse(&doc, x)
	}
	decoder, fold := dialect.NewDecoder(x), translate.NewFold(x)
	reader := sse.NewReader(bytes.NewReader(e.Answer()), 0)
	defer reader.Release()
	for {
		record, err := reader.Next()
		var events []translate.Event
		if err != nil {
			events = decoder.Close(nil, nil)
		} else if record.Data != nil {
			events = decoder.Decode(record.Name, record.Data, nil)
		}
		for i := range events {
			fold.Add(&events[i])
		}
		if err != nil {
			return fold.Response()
		}
	}
}

// priceThen is the price of a model when the recordings were made, nil if it is unknown.
func priceThen(book *Book, model string) *Price {
	if rates, ok := atTheTime[model]; ok {
		return &Price{Rates: rates, Source: FromConfig}
	}
	return book.Find(nil, "", model)
}

// probe has another rate for each part.
var probe = Price{Rates: Rates{
	Input: 1_000_003, Output: 2_000_003, CacheRead: 100_019, CacheWrite: 1_300_021, CacheWrite1h: 2_100_011, Reasoning: 2_200_013,
	AudioInput: 3_000_017, AudioOutput: 4_000_037, ImageInput: 5_000_011, ImageOutput: 6_000_011, WebSearch: 7_000_000_001,
}}

// checkSums checks that each token is charged once, and exactly.
func checkSums(t *testing.T, id string, u *translate.Usage) {
	t.Helper()
	cost, tokens, total := probe.Cost(u, noon), int64(0), new(big.Int)
	for _, line := range cost.Lines {
		if line.What != PartWebSearch {
			tokens += line.Units
		}
		pico := new(big.Int).Mul(big.NewInt(line.Units), big.NewInt(int64(line.Rate)))
		total.Add(total, roundHalfEven(new(big.Rat).SetFrac(pico, big.NewInt(picoPerNano))))
	}
	if tokens != u.Total() || total.Cmp(big.NewInt(int64(cost.Total))) != 0 || cost.Total < 0 {
		t.Errorf("%s: %d of %d tokens were charged %s, exactly %s: %s", id, tokens, u.Total(), cost.Total, total, u.Raw)
	}
	if u.Reasoning > u.Output || u.CacheWrite1h > u.CacheWrite || u.Input < 0 {
		t.Errorf("%s: parts exceed their whole: %+v", id, *u)
	}
}

// checkPriced checks what is charged where the provider tells no cost, and names the case.
func checkPriced(t *testing.T, id string, c Charged) string {
	t.Helper()
	if c.Unknown == c.HasPriced || c.Cost != c.Priced {
		t.Errorf("%s: %+v", id, c)
	}
	if c.HasPriced {
		return "priced by a price"
	}
	return "unknown, for neither cost nor price is known"
}

// checkReported checks that the provider's own cost wins, to the nano-USD.
func checkReported(t *testing.T, id string, u *translate.Usage, c Charged) {
	t.Helper()
	want := new(big.Rat)
	for i, text := range []string{u.Cost, u.UpstreamCost} {
		if part, ok := new(big.Rat).SetString(text); ok && (i == 0 || u.BYOK) {
			want.Add(want, part)
		}
	}
	want.Mul(want, big.NewRat(int64(Dollar), 1))
	if got := big.NewInt(int64(c.Cost)); roundHalfEven(want).Cmp(got) != 0 || c.Unknown || c.Reported == "" {
		t.Errorf("%s: the provider told %s and %s, charged is %+v", id, u.Cost, u.UpstreamCost, c)
	}
}

// near allows for the provider's own rounding.
func near(a, b Amount) bool { return a-b <= 2 && b-a <= 2 }

func lines(count map[string]int) (lines []string) {
	for what, n := range count {
		lines = append(lines, fmt.Sprintf("%5d  %s", n, what))
	}
	sort.Sort(sort.Reverse(sort.StringSlice(lines)))
	return lines
}
