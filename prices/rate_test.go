package prices

import (
	"strings"
	"testing"
)

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		perMillion, perUnit string
		want                Rate
	}{
		{"3.00", "0.000003", 3_000_000},
		{"0.075", "7.5e-8", 75_000},
		{"0.0001235", "0.0000000001235", 124},
		{"10000", "0.01", 10_000_000_000},
		{"0", "0.0", Free},
		{"0.0000001", "0.0000000000001", Free},
	} {
		if got, err := ParsePerMillion(c.perMillion); err != nil || got != c.want {
			t.Errorf("%s per million is %d, %v; want %d", c.perMillion, got, err, c.want)
		}
		if got, err := ParsePerUnit(c.perUnit); err != nil || got != c.want {
			t.Errorf("%s per unit is %d, %v; want %d", c.perUnit, got, err, c.want)
		}
	}
	for text, want := range map[string]string{"-1": "negative", "": "no decimal", "free": "no decimal", "1e20": "too large"} {
		if got, err := ParsePerUnit(text); err == nil || got.IsSet() || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %d, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestRateText(t *testing.T) {
	for rate, want := range map[Rate]struct{ perUnit, perMillion string }{
		0:              {"", ""},
		Free:           {"0", "0"},
		3_000_000:      {"0.000003", "3"},
		124:            {"0.000000000124", "0.000124"},
		10_000_000_000: {"0.01", "10000"},
	} {
		if rate.String() != want.perUnit || rate.PerMillion() != want.perMillion {
			t.Errorf("%d is %q and %q, want %q", int64(rate), rate, rate.PerMillion(), want)
		}
		var read Rate
		if text, _ := rate.MarshalText(); read.UnmarshalText(text) != nil || read != rate {
			t.Errorf("%q was read as %d, want %d", text, read, rate)
		}
	}
}
