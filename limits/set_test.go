package limits_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/limits"
	"github.com/rickyjim626/xjp-gateway/prices"
)

// sets draws sets whose limits are valid, in any mixture of set, unlimited and not set.
func sets(t *rapid.T, label string) (s limits.Set) {
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		v.Field(i).SetInt(rapid.OneOf(rapid.Just(int64(0)), rapid.Just(int64(limits.Unlimited)), rapid.Int64Range(1, limits.MaxRate)).Draw(t, label+"."+v.Type().Field(i).Name))
	}
	return s
}

func TestEveryFieldIsADimension(t *testing.T) {
	names := limits.Names()
	typ := reflect.TypeFor[limits.Set]()
	if len(names) != typ.NumField() {
		t.Fatalf("%d names for %d fields", len(names), typ.NumField())
	}
	for i := range typ.NumField() {
		var s limits.Set
		reflect.ValueOf(&s).Elem().Field(i).SetInt(7)
		field, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		data, err := json.Marshal(s)
		if err != nil || !strings.HasPrefix(string(data), `{"`+field+`":`) || strings.Contains(string(data), ",") {
			t.Errorf("%s is written as %s, %v", field, data, err)
		}
	}
}

func TestOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := sets(t, "a"), sets(t, "b")
		got, va, vb := reflect.ValueOf(a.Over(b)), reflect.ValueOf(a), reflect.ValueOf(b)
		for i := range got.NumField() {
			want := va.Field(i).Int()
			if want == 0 {
				want = vb.Field(i).Int()
			}
			if got.Field(i).Int() != want {
				t.Fatalf("%s is %d, want %d", got.Type().Field(i).Name, got.Field(i).Int(), want)
			}
		}
	})
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		set  limits.Set
		says string
	}{
		{limits.Set{}, ""},
		{limits.Set{RequestsPerMinute: limits.Unlimited, Budget: limits.Unlimited}, ""},
		{limits.Set{RequestsPerMinute: limits.MaxRate, TokensPerDay: limits.MaxCount, Budget: limits.MaxBudget}, ""},
		{limits.Set{RequestsPerMinute: -2}, "requests_per_minute must not be negative"},
		{limits.Set{TokensPerMinute: limits.MaxRate + 1}, "tokens_per_minute must be at most 100000000000"},
		{limits.Set{OutputTokensPerDay: limits.MaxCount + 1}, "output_tokens_per_day must be at most"},
		{limits.Set{BudgetPerMonth: limits.MaxBudget + 1}, "budget_per_month must be at most 8000000:"},
		{limits.Set{Concurrent: -5}, "concurrent must not be negative"},
	} {
		err := tc.set.Validate()
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%+v: %v, want %q", tc.set, err, tc.says)
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sets(t, "s")
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back limits.Set
		if err := json.Unmarshal(data, &back); err != nil || back != s {
			t.Fatalf("%s became %+v, %v", data, back, err)
		}
	})
}

func TestJSONForms(t *testing.T) {
	for _, tc := range []struct {
		text string
		want limits.Set
		says string
	}{
		{`{"tokens_per_day":"2m","budget":12.5,"concurrent":"unlimited"}`, limits.Set{TokensPerDay: 2_000_000, Budget: 12_500_000_000, Concurrent: limits.Unlimited}, ""},
		{`{"requests_per_minute":"unlimited","budget_per_day":"unlimited","requests_per_day":null}`, limits.Set{RequestsPerMinute: limits.Unlimited, BudgetPerDay: limits.Unlimited}, ""},
		{`{"requests_per_minute":-1}`, limits.Set{}, `requests_per_minute: "-1" is not a whole number`},
		{`{"budget":-1}`, limits.Set{}, `budget: amount "-1"`},
		{`{"requests_per_day":0}`, limits.Set{}, "requests_per_day: must be more than 0"},
		{`{"tokens_per_day":"0"}`, limits.Set{}, "tokens_per_day: must be more than 0"},
		{`{"budget_per_month":"0"}`, limits.Set{}, "budget_per_month: must be more than 0"},
		{`{"budget":0.0000000001}`, limits.Set{}, "budget: "},
		{`{"rpm":3}`, limits.Set{}, `unknown limit "rpm"`},
		{`{"tokens_per_day":1.5}`, limits.Set{}, "tokens_per_day: "},
		{`{"tokens_per_day":{}}`, limits.Set{}, "tokens_per_day: "},
		{`[1]`, limits.Set{}, "limits must be an object"},
	} {
		var got limits.Set
		err := json.Unmarshal([]byte(tc.text), &got)
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) || got != tc.want {
			t.Errorf("%s: %+v, %v", tc.text, got, err)
		}
	}
}

func TestPut(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		want        limits.Set
		says        string
	}{
		{"rpm", "120", limits.Set{RequestsPerMinute: 120}, ""},
		{"tokens-per-day", "2m", limits.Set{TokensPerDay: 2_000_000}, ""},
		{"tokens_per_day", "2_000_000", limits.Set{TokensPerDay: 2_000_000}, ""},
		{"budget", "50/month", limits.Set{BudgetPerMonth: 50 * prices.Dollar}, ""},
		{"budget", "$5/day", limits.Set{BudgetPerDay: 5 * prices.Dollar}, ""},
		{"budget", "200", limits.Set{Budget: 200 * prices.Dollar}, ""},
		{"budget", "0.5 USD/total", limits.Set{Budget: prices.Dollar / 2}, ""},
		{"budget", "unlimited/month", limits.Set{BudgetPerMonth: limits.Unlimited}, ""},
		{"budget_per_day", "1", limits.Set{BudgetPerDay: prices.Dollar}, ""},
		{"concurrent", "unlimited", limits.Set{Concurrent: limits.Unlimited}, ""},
		{"rps", "1", limits.Set{}, "the limits are requests_per_minute, "},
		{"rpm", "0", limits.Set{}, "requests_per_minute: must be more than 0"},
		{"rpm", "-1", limits.Set{}, "requests_per_minute: "},
		{"rpm", "200b", limits.Set{}, "requests_per_minute must be at most"},
		{"budget", "5/week", limits.Set{}, "write it as 50/month"},
		{"budget", "-5", limits.Set{}, "budget: "},
	} {
		var got limits.Set
		err := got.Put(tc.name, tc.value)
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) || got != tc.want {
			t.Errorf("%s %s: %+v, %v", tc.name, tc.value, got, err)
		}
	}
}

// TestPutTwice checks that a limit is set once, by whichever of its names.
func TestPutTwice(t *testing.T) {
	var s limits.Set
	for _, put := range []struct{ name, value, says string }{
		{"rpm", "5", ""}, {"rpd", "5", ""}, {"requests-per-minute", "6", "requests_per_minute: is given twice"},
		{"budget", "5/day", ""}, {"budget", "5/month", ""}, {"budget_per_day", "6", "budget_per_day: is given twice"},
	} {
		if err := s.Put(put.name, put.value); (err == nil) != (put.says == "") || err != nil && err.Error() != put.says {
			t.Errorf("%s %s: %v", put.name, put.value, err)
		}
	}
	if want := (limits.Set{RequestsPerMinute: 5, RequestsPerDay: 5, BudgetPerDay: 5 * prices.Dollar, BudgetPerMonth: 5 * prices.Dollar}); s != want {
		t.Errorf("%+v", s)
	}
}

func TestParseCount(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "7": 7, "2m": 2_000_000, "2M": 2_000_000, "1.5k": 1500, "0.25m": 250_000, "3g": 3_000_000_000, "1B": 1_000_000_000,
		"9223372036854775807": 9223372036854775807, "unlimited": limits.Unlimited,
	} {
		if got, err := limits.ParseCount(text); err != nil || got != want {
			t.Errorf("%s is read as %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "m", ".", "-3", "+3", "1.5", "1.2345k", "two", "9223372036854775808", "9223372036854775807k", "1 000", "1k5"} {
		if got, err := limits.ParseCount(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func FuzzParseCount(f *testing.F) {
	f.Add("1.5m")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := limits.ParseCount(text); err == nil && n < limits.Unlimited {
			t.Errorf("%q is read as %d", text, n)
		}
	})
}
