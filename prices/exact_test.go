package prices

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

// Ten thousand random usages against rational arithmetic, which is written here once more
// and in another way (dependencies.md, drills).
func TestCostIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	n := func(most int64) int64 { return random.Int64N(most + 1) }
	var all []Amount
	for range 10_000 {
		u := translate.Usage{Input: n(2_000_000), CacheRead: n(2_000_000), CacheWrite: n(500_000), Output: n(200_000), WebSearches: n(5), Images: n(20), OutputImages: n(4)}
		u.CacheWrite1h, u.Reasoning = n(u.CacheWrite), n(u.Output)
		p := Price{Rates: Rates{
			Input: Rate(1 + n(90_000_000)), Output: Rate(1 + n(600_000_000)), CacheRead: Rate(n(9_000_000)), CacheWrite: Rate(n(99_000_000)),
			CacheWrite1h: Rate(n(99_000_000)), Reasoning: Rate(n(600_000_000)), WebSearch: Rate(1 + n(30_000_000_000)), Request: Rate(n(1) * n(1e12)),
			Image: Rate(n(1) * n(5e9)), OutputImage: Rate(n(1) * n(4e11)),
		}}
		got := p.CostTotal(&u, noon)
		if want := exactly(&p, &u); want.Cmp(big.NewInt(int64(got))) != 0 {
			t.Fatalf("%+v at %+v costs %d, exactly %s", u, p.Rates, got, want)
		}
		all = append(all, got)
	}
	forth := total(all)
	random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	back := slices.Clone(all)
	slices.Reverse(back)
	if total(all) != forth || total(back) != forth {
		t.Error("the sum depends on the order")
	}
}

func total(amounts []Amount) (sum Amount) {
	for _, a := range amounts {
		sum = sum.plus(a)
	}
	return sum
}

// exactly prices a usage without tokens of media in rational numbers.
func exactly(p *Price, u *translate.Usage) *big.Int {
	first := func(rates ...Rate) int64 {
		for _, r := range rates {
			if r != 0 {
				return int64(max(r, 0))
			}
		}
		return 0
	}
	sum := new(big.Int)
	for _, line := range [][2]int64{
		{u.Input, first(p.Input)},
		{u.CacheRead, first(p.CacheRead, p.Input)},
		{u.CacheWrite - u.CacheWrite1h, first(p.CacheWrite, p.Input)},
		{u.CacheWrite1h, first(p.CacheWrite1h, p.CacheWrite, p.Input)},
		{u.Output - u.Reasoning, first(p.Output)},
		{u.Reasoning, first(p.Reasoning, p.Output)},
		{u.WebSearches, first(p.WebSearch)},
		{1, first(p.Request)},
		{u.Images, first(p.Image)},
		{u.OutputImages, first(p.OutputImage)},
	} {
		pico := new(big.Int).Mul(big.NewInt(line[0]), big.NewInt(line[1]))
		sum.Add(sum, roundHalfEven(new(big.Rat).SetFrac(pico, big.NewInt(1000))))
	}
	return sum
}

func BenchmarkCostTotal(b *testing.B) {
	u := translate.Usage{Input: 1200, CacheRead: 30_000, CacheWrite: 500, CacheWrite1h: 100, Output: 800, Reasoning: 300}
	tiered := sonnet
	tiered.Overrides = []Override{{AbovePrompt: 200_000, Rates: Rates{Input: 6_000_000, Output: 22_500_000}}}
	for name, p := range map[string]*Price{"plain": &sonnet, "tiers": &tiered} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.CostTotal(&u, noon)
			}
		})
	}
}

func TestCostTotalAllocatesNothing(t *testing.T) {
	u := translate.Usage{Input: 1200, CacheRead: 30_000, Output: 800, Images: 2}
	if n := testing.AllocsPerRun(100, func() { sonnet.Expect(1200, 800, 2, noon) }); n != 0 {
		t.Errorf("what is expected: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { sonnet.CostTotal(&u, noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkExpect(b *testing.B) {
	tiered := sonnet
	tiered.Overrides = []Override{{AbovePrompt: 200_000, Rates: Rates{Input: 6_000_000, Output: 22_500_000}}}
	for name, p := range map[string]*Price{"plain": &sonnet, "tiers": &tiered} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Expect(1200, 800, 0, noon)
			}
		})
	}
}
