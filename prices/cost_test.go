package prices

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/translate"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// sonnet has rates for all that Claude bills.
var sonnet = Price{Rates: Rates{
	Input: 3_000_000, Output: 15_000_000, CacheRead: 300_000, CacheWrite: 3_750_000, CacheWrite1h: 6_000_000, WebSearch: 10_000_000_000,
}}

func TestCost(t *testing.T) {
	plain := Price{Rates: Rates{Input: 1_000, Output: 10_000}}
	media := Price{Rates: Rates{Input: 1_000, Output: 10_000, Reasoning: 20_000, AudioInput: 3_000, ImageInput: 5_000, AudioOutput: 30_000, ImageOutput: 50_000, Request: 7_000_000}}
	for _, c := range []struct {
		name  string
		price Price
		usage translate.Usage
		want  []Line
	}{
		{"nothing costs nothing", plain, translate.Usage{}, nil},
		{"each part once", sonnet, translate.Usage{Input: 100, CacheRead: 1000, CacheWrite: 50, CacheWrite1h: 20, Output: 10, WebSearches: 2}, []Line{
			{PartInput, 100, 3_000_000, 300_000}, {PartCacheRead, 1000, 300_000, 300_000}, {PartCacheWrite, 30, 3_750_000, 112_500},
			{PartCacheWrite1h, 20, 6_000_000, 120_000}, {PartOutput, 10, 15_000_000, 150_000}, {PartWebSearch, 2, 10_000_000_000, 20_000_000}}},
		{"without rates of their own caches cost as input", plain, translate.Usage{Input: 1, CacheRead: 2, CacheWrite: 4, CacheWrite1h: 1}, []Line{
			{PartInput, 1, 1_000, 1}, {PartCacheRead, 2, 1_000, 2}, {PartCacheWrite, 3, 1_000, 3}, {PartCacheWrite1h, 1, 1_000, 1}}},
		{"reasoning is a part of the output and never added to it", plain, translate.Usage{Output: 10, Reasoning: 4}, []Line{
			{PartOutput, 6, 10_000, 60}, {PartReasoning, 4, 10_000, 40}}},
		{"reasoning at its own rate replaces the output's", media, translate.Usage{Output: 10, Reasoning: 4}, []Line{
			{PartOutput, 6, 10_000, 60}, {PartReasoning, 4, 20_000, 80}, {PartRequest, 1, 7_000_000, 7_000}}},
		{"media are parts", media, translate.Usage{Input: 10, AudioInput: 3, ImageInput: 2, Output: 20, AudioOutput: 4, ImageOutput: 5}, []Line{
			{PartInput, 5, 1_000, 5}, {PartAudioInput, 3, 3_000, 9}, {PartImageInput, 2, 5_000, 10},
			{PartOutput, 11, 10_000, 110}, {PartAudioOutput, 4, 30_000, 120}, {PartImageOutput, 5, 50_000, 250}, {PartRequest, 1, 7_000_000, 7_000}}},
		{"pain 35: parts larger than the whole are cut down", plain, translate.Usage{Input: 5, AudioInput: 9, ImageInput: 9, CacheWrite: 1, CacheWrite1h: 9, Output: 3, Reasoning: 9, AudioOutput: 9}, []Line{
			{PartAudioInput, 5, 1_000, 5}, {PartCacheWrite1h, 1, 1_000, 1}, {PartReasoning, 3, 10_000, 30}}},
		{"pain 35: negative counts are none", plain, translate.Usage{Input: -5, CacheRead: -1, CacheWrite: -2, CacheWrite1h: 3, Output: -9, Reasoning: 4, WebSearches: -1, AudioInput: -1}, nil},
		{"images by themselves, beside their tokens", Price{Rates: Rates{Input: 1_000, Output: 10_000, ImageInput: 5_000, Image: 2_000_000, OutputImage: 39_000_000_000}},
			translate.Usage{Input: 10, ImageInput: 4, Output: 3, Images: 2, OutputImages: 1}, []Line{
				{PartInput, 6, 1_000, 6}, {PartImageInput, 4, 5_000, 20}, {PartOutput, 3, 10_000, 30}, {PartImage, 2, 2_000_000, 4_000}, {PartOutputImage, 1, 39_000_000_000, 39_000_000}}},
		{"images that have no price of their own cost their tokens", plain, translate.Usage{Input: 10, Images: 2, OutputImages: 1}, []Line{{PartInput, 10, 1_000, 10}}},
		{"pain 35: no images of less than none", Price{Rates: Rates{Input: 1_000, Output: 10_000, Image: 2_000_000, OutputImage: 2_000_000}}, translate.Usage{Images: -1, OutputImages: -2}, nil},
		{"free parts are lines of nothing", Price{Rates: Rates{Input: 1_000, Output: 10_000, CacheRead: Free}}, translate.Usage{CacheRead: 100}, []Line{
			{PartCacheRead, 100, Free, 0}}},
		{"half a nano-USD goes to the even one", Price{Rates: Rates{Input: 500, Output: 1_500, CacheRead: 2_500}}, translate.Usage{Input: 1, Output: 1, CacheRead: 1}, []Line{
			{PartInput, 1, 500, 0}, {PartCacheRead, 1, 2_500, 2}, {PartOutput, 1, 1_500, 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.price.Cost(&c.usage, noon)
			if !slices.Equal(got.Lines, c.want) {
				t.Errorf("got\n%v\nwant\n%v", got.Lines, c.want)
			}
		})
	}
}

func TestCostStaysAtTheLargest(t *testing.T) {
	dear := Price{Rates: Rates{Input: math.MaxInt64, Output: math.MaxInt64}}
	most := translate.Usage{Input: math.MaxInt64, CacheRead: math.MaxInt64, CacheWrite: math.MaxInt64, Output: math.MaxInt64}
	if got := dear.CostTotal(&most, noon); got != math.MaxInt64 {
		t.Errorf("got %d", got)
	}
	for _, c := range []struct {
		units int64
		rate  Rate
		want  Amount
	}{
		{1 << 40, 200_000_000, 219_902_325_555_200_000},
		{1<<40 + 1, 200_000_500, 219_902_875_311_213_888}, // half a nano-USD, to the even one
		{math.MaxInt64, 1000, math.MaxInt64},
		{math.MaxInt64, 999, 9_214_148_664_817_921_031},
		{1, math.MaxInt64, 9_223_372_036_854_776},
		{math.MaxInt64, 1001, math.MaxInt64},
	} {
		if got := times(c.units, c.rate); got != c.want {
			t.Errorf("%d at %d pico-USD cost %d, want %d", c.units, int64(c.rate), got, c.want)
		}
	}
}

func TestOverrides(t *testing.T) {
	shanghai := time.FixedZone("UTC+8", 8*60*60)
	price := Price{
		Rates: Rates{Input: 1_000, Output: 10_000, CacheRead: 100},
		Overrides: []Override{
			{AbovePrompt: 200, Rates: Rates{Input: 2_000, Output: 15_000}},
			{ServiceTier: "flex", Rates: Rates{Input: 500}},
			{Hours: &Hours{From: 22 * 60, To: 6 * 60, Zone: shanghai}, Rates: Rates{Output: 1_000}},
			{AbovePrompt: 200, ServiceTier: "flex", Rates: Rates{Input: 700}},
		},
	}
	midnight := time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC) // in Shanghai
	for _, c := range []struct {
		name  string
		usage translate.Usage
		at    time.Time
		want  Amount
	}{
		{"D13: at the border the first tier holds", translate.Usage{Input: 100, CacheRead: 100, Output: 1}, noon, 100 + 10 + 10},
		{"above it the whole request is dearer, and unset rates stay", translate.Usage{Input: 101, CacheRead: 100, Output: 1}, noon, 202 + 10 + 15},
		{"what is written to a cache counts and falls back to the tier's input", translate.Usage{CacheWrite: 201}, noon, 402},
		{"a service tier", translate.Usage{Input: 100, Output: 1, ServiceTier: "flex"}, noon, 50 + 10},
		{"another service tier", translate.Usage{Input: 100, Output: 1, ServiceTier: "priority"}, noon, 100 + 10},
		{"D15: later overrides win, by the rate", translate.Usage{Input: 300, Output: 1, ServiceTier: "flex"}, noon, 210 + 15},
		{"at night, for the rate that is set", translate.Usage{Input: 300, Output: 1}, midnight, 600 + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := price.CostTotal(&c.usage, c.at); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
	if got := price.Expect(201, 1, 3, noon); got != 402+15 {
		t.Errorf("expected tokens cost %d", got)
	}
}

func TestExpectedImages(t *testing.T) {
	tokens := Rates{Input: 1_000, Output: 10_000}
	with := func(change func(*Rates)) *Price {
		p := &Price{Rates: tokens}
		change(&p.Rates)
		return p
	}
	tiered := &Price{Rates: tokens, Overrides: []Override{{ServiceTier: "flex", Rates: Rates{Image: 3_000_000, OutputImage: 5_000_000}}}}
	for _, c := range []struct {
		name   string
		price  *Price
		counts bool
		want   Amount
	}{
		{"by tokens alone", with(func(*Rates) {}), false, 1 + 10},
		{"images of the prompt", with(func(r *Rates) { r.Image = 3_000_000 }), true, 1 + 10 + 2*3_000},
		{"an image of the answer is expected where it has a price", with(func(r *Rates) { r.OutputImage = 5_000_000 }), false, 1 + 10 + 5_000},
		{"free images are not counted", with(func(r *Rates) { r.Image, r.OutputImage = Free, Free }), false, 1 + 10},
		{"a tier may have a price for them", tiered, true, 1 + 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.price.Expect(1, 1, 2, noon); got != c.want || c.price.CountsImages() != c.counts {
				t.Errorf("got %d, counts images: %v", got, c.price.CountsImages())
			}
		})
	}
}

func TestHours(t *testing.T) {
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		from, to string
		in, out  []string
	}{
		{"09:00", "17:30", []string{"09:00", "12:00", "17:29"}, []string{"08:59", "17:30", "00:00"}},
		{"22:00", "06:00", []string{"22:00", "23:59", "00:00", "05:59"}, []string{"06:00", "21:59"}},
		{"16:30", "24:00", []string{"16:30", "23:59"}, []string{"00:00", "16:29"}},
		{"16:30", "00:00", []string{"16:30", "23:59"}, []string{"00:00", "16:29"}},
	} {
		h := Hours{From: clock(t, c.from), To: clock(t, c.to)}
		for _, text := range c.in {
			if !h.Contain(day.Add(time.Duration(clock(t, text)) * time.Minute)) {
				t.Errorf("%s to %s does not contain %s", c.from, c.to, text)
			}
		}
		for _, text := range c.out {
			if h.Contain(day.Add(time.Duration(clock(t, text)) * time.Minute)) {
				t.Errorf("%s to %s contains %s", c.from, c.to, text)
			}
		}
	}
	for _, bad := range []string{"", "9:00", "24:01", "12:60", "noon", "12:00:00", "-1:00"} {
		if got, err := ParseClock(bad); err == nil {
			t.Errorf("%q is %s", bad, got)
		}
	}
}

func clock(t *testing.T, text string) Clock {
	t.Helper()
	c, err := ParseClock(text)
	if err != nil || c.String() != text {
		t.Fatalf("%s was read as %s, %v", text, c, err)
	}
	return c
}

// Usages of every sense and nonsense.
var (
	tokens = rapid.OneOf(rapid.Int64Range(0, 3_000_000), rapid.Int64Range(-10, 10), rapid.Int64Range(0, 1<<40))
	rates  = rapid.OneOf(rapid.Just(Rate(0)), rapid.Just(Free), rapid.Custom(func(t *rapid.T) Rate { return Rate(rapid.Int64Range(1, 200_000_000).Draw(t, "rate")) }))
	usages = rapid.Custom(func(t *rapid.T) translate.Usage {
		n := func(name string) int64 { return tokens.Draw(t, name) }
		return translate.Usage{
			Input: n("input"), AudioInput: n("audio input"), ImageInput: n("image input"),
			CacheRead: n("read"), CacheWrite: n("write"), CacheWrite1h: n("write 1h"),
			Output: n("output"), Reasoning: n("reasoning"), AudioOutput: n("audio output"), ImageOutput: n("image output"),
			WebSearches: rapid.Int64Range(-1, 20).Draw(t, "searches"), Images: n("images"), OutputImages: n("output images"),
		}
	})
	tables = rapid.Custom(func(t *rapid.T) Rates {
		n := func(name string) Rate { return rates.Draw(t, name) }
		return Rates{
			Input: n("input rate"), Output: n("output rate"), CacheRead: n("read rate"), CacheWrite: n("write rate"), CacheWrite1h: n("write 1h rate"),
			Reasoning: n("reasoning rate"), AudioInput: n("audio input rate"), AudioOutput: n("audio output rate"),
			ImageInput: n("image input rate"), ImageOutput: n("image output rate"), Request: n("request rate"), WebSearch: n("search rate"),
			Image: n("image rate"), OutputImage: n("output image rate"),
		}
	})
)

func TestCostAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price, usage := Price{Rates: tables.Draw(t, "rates")}, usages.Draw(t, "usage")
		cost := price.Cost(&usage, noon)
		var total Amount
		units := map[Part]int64{}
		for _, line := range cost.Lines {
			if line.Amount < 0 || line.Units <= 0 {
				t.Fatalf("a line of nothing or of a credit: %+v", line)
			}
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(line.Units), big.NewInt(max(0, int64(line.Rate)))), big.NewInt(picoPerNano))
			if want := roundHalfEven(exact); want.Cmp(big.NewInt(int64(line.Amount))) != 0 {
				t.Fatalf("%+v should be %s", line, want)
			}
			total += line.Amount
			units[line.What] += line.Units
		}
		if total != cost.Total || total != price.CostTotal(&usage, noon) {
			t.Fatalf("lines make %d, the total is %d, and alone %d", total, cost.Total, price.CostTotal(&usage, noon))
		}
		for what, pair := range map[string][2]int64{
			"input":  {units[PartInput] + units[PartAudioInput] + units[PartImageInput], usage.Input},
			"read":   {units[PartCacheRead], usage.CacheRead},
			"write":  {units[PartCacheWrite] + units[PartCacheWrite1h], usage.CacheWrite},
			"output": {units[PartOutput] + units[PartReasoning] + units[PartAudioOutput] + units[PartImageOutput], usage.Output},
		} {
			if pair[0] != max(0, pair[1]) {
				t.Fatalf("%s: %d of %d tokens were charged", what, pair[0], pair[1])
			}
		}
	})
}
