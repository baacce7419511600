package prices

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPriceForm(t *testing.T) {
	const text = `{"input":"1.25","output":"10","cache_read":"0.125","request":"0.01","web_search":"0","overrides":[` +
		`{"above_prompt":200000,"input":"2.5","output":"15"},{"hours":{"from":"16:30","to":"00:30","zone":"Asia/Shanghai"},"service_tier":"flex","output":"5"}],"source":"config"}`
	var p Price
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if p.Input != 1_250_000 || p.CacheRead != 125_000 || p.CacheWrite.IsSet() || p.Request != 10_000_000_000 || p.WebSearch != Free {
		t.Errorf("got %+v", p.Rates)
	}
	if len(p.Overrides) != 2 || p.Overrides[0].AbovePrompt != 200_000 || p.Overrides[1].Hours.From != 16*60+30 {
		t.Errorf("got %+v", p.Overrides)
	}
	if got, err := json.Marshal(p); err != nil || string(got) != text {
		t.Errorf("written again it is\n%s, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"input":3.00,"output":1.5e1}`), &p); err != nil || p.Input != 3_000_000 || p.Output != 15_000_000 {
		t.Errorf("numbers were read as %+v, %v", p, err)
	}
}

func TestPriceRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                          "input and output must both be set",
		`{"input":"1"}`:               "input and output must both be set",
		`{"input":"-1","output":"1"}`: "must not be negative",
		`{"input":"x","output":"1"}`:  "is no decimal",
		`{"input":"1","output":"1","cached":"1"}`:                                                              `unknown field "cached"`,
		`{"input":"1","output":"1","overrides":[{"input":"1"}]}`:                                               "override 1: has no condition",
		`{"input":"1","output":"1","overrides":[{"above_prompt":5}]}`:                                          "override 1: has no rate",
		`{"input":"1","output":"1","overrides":[{"above_prompt":-5}]}`:                                         "above_prompt: -5 must not be negative",
		`{"input":"1","output":"1","overrides":[{"above":5,"input":1}]}`:                                       `unknown field "above"`,
		`{"input":1,"output":1,"overrides":[{"hours":{"from":"9","to":"10"}}]}`:                                "hours: from: time of day",
		`{"input":1,"output":1,"overrides":[{"input":1,"hours":{"from":"09:00","to":"09:00"}}]}`:               "are both 09:00",
		`{"input":1,"output":1,"overrides":[{"input":1,"hours":{"from":"09:00","to":"10:00","zone":"Moon"}}]}`: "hours: zone",
		`{"input":1,"output":1,"overrides":[{"input":1,"hours":{"from":"09:00","to":"10:00","zonee":"UTC"}}]}`: `hours: json: unknown field "zonee"`,
	} {
		var p Price
		if err := json.Unmarshal([]byte(text), &p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := (&Price{Rates: Rates{Input: 1, Output: 1}, Overrides: []Override{{Rates: Rates{Input: 1}, Hours: &Hours{From: -1, To: 5}}}}).Seal(FromConfig); err == nil {
		t.Error("a price with hours before midnight was sealed")
	}
}

func TestVersion(t *testing.T) {
	seal := func(p Price, source string) string {
		t.Helper()
		sealed, err := p.Seal(source)
		if err != nil {
			t.Fatal(err)
		}
		return sealed.Version()
	}
	first := seal(sonnet, FromConfig)
	if !strings.HasPrefix(first, "config:") || len(first) != len("config:")+12 {
		t.Errorf("the version is %q", first)
	}
	literal := sonnet
	literal.Source = FromConfig
	if literal.Version() != first || seal(sonnet, FromConfig) != first {
		t.Error("the version is not stable")
	}
	free := sonnet
	free.Reasoning = Free
	night := sonnet
	night.Overrides = []Override{{Hours: &Hours{From: 1, To: 2}, Rates: Rates{Input: 1}}}
	abroad := sonnet
	abroad.Overrides = []Override{{Hours: &Hours{From: 1, To: 2, Zone: time.FixedZone("X", 60)}, Rates: Rates{Input: 1}}}
	seen := map[string]bool{first: true}
	for _, other := range []string{seal(free, FromConfig), seal(night, FromConfig), seal(abroad, FromConfig), seal(sonnet, FromBuiltin)} {
		if seen[other] {
			t.Errorf("two prices have the version %s", other)
		}
		seen[other] = true
	}
}

func TestPriceFormRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Price{Rates: tables.Draw(t, "rates"), Source: FromOpenRouter}
		want.Input, want.Output = want.Input.or(Free), want.Output.or(Free)
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Price
		if err := json.Unmarshal(data, &got); err != nil || got.Rates != want.Rates || got.Version() != want.Version() {
			t.Fatalf("%s became %+v, %v", data, got, err)
		}
	})
}
