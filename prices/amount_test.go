package prices

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]Amount{
		"0": 0, "-0": 0, "50": 50 * Dollar, "0.0125": 12_500_000, "12.50": 12_500_000_000, ".5": 500_000_000, "5.": 5 * Dollar,
		"1e-7": 100, "1.2E-05": 12_000, "5e+1": 50 * Dollar, "0e99999999999999999999": 0, "1e-99999999999999999999": 0,
		"0.0000000007": 1, "0.0000000026": 3, "0.0000000005": 0, "0.0000000015": 2, "0.0000000025": 2, "0.00000000050000000000000000000001": 1, "0.00000000049999999999999999999999": 0,
		"9223372036.854775807": math.MaxInt64, "9223372036.8547758074": math.MaxInt64, "0000000000000000000000000001": Dollar,
		"0.000012000000000000001": 12_000,
	} {
		if got, err := ParseAmount(text); err != nil || got != want {
			t.Errorf("%q is %d nano-USD, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "no decimal", ".": "no decimal", "-": "no decimal", "e5": "no decimal", "1e": "no decimal", "1e+": "no decimal", "1e+-5": "no decimal",
		"NaN": "no decimal", "Inf": "no decimal", "$5": "no decimal", "1,5": "no decimal", "1.2.3": "no decimal", " 1": "no decimal", "--1": "no decimal",
		"0x10": "no decimal", "+1": "no decimal", "1_000": "no decimal", "٣": "no decimal", "-1": "negative", "-0.000000001": "negative",
		"9223372036.8547758075": "too large", "1e10": "too large", "1e99999999999999999999": "too large",
	} {
		if got, err := ParseAmount(text); err == nil || got != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %d, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestAmountText(t *testing.T) {
	for amount, want := range map[Amount]string{
		0: "0", 1: "0.000000001", 1_234: "0.000001234", 12_500_000_000: "12.5", 50 * Dollar: "50", -500_000_000: "-0.5",
		math.MaxInt64: "9223372036.854775807", math.MinInt64: "-9223372036.854775808",
	} {
		if got := amount.String(); got != want {
			t.Errorf("%d is written %q, want %q", int64(amount), got, want)
		}
		var read Amount
		if err := read.UnmarshalText([]byte(want)); err != nil || read != amount {
			t.Errorf("%q is read as %d, %v", want, int64(read), err)
		}
	}
}

func TestAmountJSON(t *testing.T) {
	var read struct{ A, B, C, D Amount }
	read.D = 7
	if err := json.Unmarshal([]byte(`{"A":"12.5","B":0.1,"C":-3e-9,"D":null}`), &read); err != nil {
		t.Fatal(err)
	}
	if read.A != 12_500_000_000 || read.B != 100_000_000 || read.C != -3 || read.D != 7 {
		t.Errorf("got %+v", read)
	}
	for _, bad := range []string{`"-9223372036.8547758086"`, `true`, `{}`, `"x"`, `""`, `[1]`, `1e30`} {
		if err := json.Unmarshal([]byte(bad), &read.A); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := Amount(rapid.Int64().Draw(t, "amount"))
		data, err := json.Marshal(map[Amount]Amount{want: want})
		if err != nil {
			t.Fatal(err)
		}
		var got map[Amount]Amount
		if err := json.Unmarshal(data, &got); err != nil || got[want] != want {
			t.Fatalf("%s became %v, %v", data, got, err)
		}
	})
}

// parseDecimal against exact rational arithmetic.
func TestParseDecimalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{0,24})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "text")
		places := rapid.SampledFrom([]int{perMillionPlaces, amountPlaces, perUnitPlaces}).Draw(t, "places")
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("no number: %s", text)
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
		want := roundHalfEven(exact.Mul(exact, new(big.Rat).SetInt(scale)))
		got, err := parseDecimal(text, places)
		fits := new(big.Int).Abs(want).IsInt64()
		if fits != (err == nil) || fits && got != want.Int64() {
			t.Fatalf("%s with %d places is %d, %v; want %s", text, places, got, err, want)
		}
	})
}

// roundHalfEven is the oracle of all rounding here.
func roundHalfEven(r *big.Rat) *big.Int {
	twice := new(big.Rat).Mul(r, big.NewRat(2, 1))
	low := new(big.Int).Div(r.Num(), r.Denom()) // toward minus infinity
	if !twice.IsInt() || new(big.Int).Rem(twice.Num(), big.NewInt(2)).Sign() == 0 {
		rest := new(big.Rat).Sub(r, new(big.Rat).SetInt(low))
		if rest.Cmp(big.NewRat(1, 2)) > 0 {
			low.Add(low, big.NewInt(1))
		}
		return low
	}
	return low.Add(low, new(big.Int).And(low, big.NewInt(1)))
}

func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"12.5", "1e-7", "-0.000000001", "9223372036.8547758075", ".", "1e+", "00.10"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAmount(text)
		if err != nil {
			return
		}
		again, err := ParseAmount(a.String())
		if a < 0 || err != nil || again != a {
			t.Errorf("%q is %s, read again %s, %v", text, a, again, err)
		}
	})
}
