package prices

import (
	"testing"

	"github.com/rickyjim626/xjp-gateway/translate"
)

func TestCharge(t *testing.T) {
	price, err := sonnet.Seal(FromConfig)
	if err != nil {
		t.Fatal(err)
	}
	const priced = 3_000_000 // nano-USD for the 1,000 tokens below
	counted := func(u translate.Usage) *translate.Usage {
		u.Input, u.Reported = 1000, true
		return &u
	}
	v := price.Version()
	for _, c := range []struct {
		name  string
		price *Price
		usage *translate.Usage
		want  Charged
	}{
		{"by the price", price, counted(translate.Usage{}), Charged{Cost: priced, Priced: priced, HasPriced: true, Version: v}},
		{"by the provider's word, the price beside it", price, counted(translate.Usage{Cost: "1.2e-05"}),
			Charged{Cost: 12_000, Priced: priced, HasPriced: true, Reported: "1.2e-05", Version: v}},
		{"by the provider's word alone", nil, counted(translate.Usage{Cost: "0.5"}), Charged{Cost: Dollar / 2, Reported: "0.5"}},
		{"the provider says zero: a hit of its cache, an answer that it gives away", price, counted(translate.Usage{Cost: "0"}),
			Charged{Priced: priced, HasPriced: true, Reported: "0", Version: v}},
		{"own key: the router's fee and what its provider takes", price, counted(translate.Usage{Cost: "0.0005", UpstreamCost: "0.01", BYOK: true}),
			Charged{Cost: 10_500_000, Priced: priced, HasPriced: true, Reported: "0.0105", Version: v}},
		{"what the router pays is no addition without an own key", nil, counted(translate.Usage{Cost: "0.02", UpstreamCost: "0.02"}), Charged{Cost: Dollar / 50, Reported: "0.02"}},
		{"own key: the fee alone is completed by the price", price, counted(translate.Usage{Cost: "0.0005", BYOK: true}),
			Charged{Cost: 500_000 + priced, Priced: priced, HasPriced: true, Version: v}},
		{"own key: the fee alone without a price is not the whole cost", nil, counted(translate.Usage{Cost: "0.0005", BYOK: true}), Charged{Cost: 500_000, Unknown: true}},
		{"no price: unknown, never silently zero", nil, counted(translate.Usage{}), Charged{Unknown: true}},
		{"a credit is no cost", price, counted(translate.Usage{Cost: "-1"}), Charged{Cost: priced, Priced: priced, HasPriced: true, Version: v}},
		{"nonsense is no cost", nil, counted(translate.Usage{Cost: "1e99"}), Charged{Unknown: true}},
		{"pain 36: no usage is unknown", price, nil, Charged{Unknown: true}},
		{"pain 36: nothing counted is unknown", price, &translate.Usage{}, Charged{Unknown: true}},
		{"pain 36: an estimate is priced", price, &translate.Usage{Input: 1000, Estimated: true}, Charged{Cost: priced, Priced: priced, HasPriced: true, Version: v}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Charge(c.price, c.usage, noon); got != c.want {
				t.Errorf("got\n%+v\nwant\n%+v", got, c.want)
			}
		})
	}
}
