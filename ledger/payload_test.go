package ledger

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// fill sets every field of a value to something of its own, so that a field that the
// encoding forgets is noticed.
func fill(v reflect.Value, next *int) {
	*next++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon.Add(time.Duration(*next) * time.Microsecond)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), next)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.String:
		v.SetString(strings.Repeat("é", *next%7+1) + string(rune('a'+*next%26)))
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(int64(*next) * -977)
	}
}

// TestEveryField: each field of a record and of a start comes back, those to come as well.
func TestEveryField(t *testing.T) {
	n := 0
	var r Record
	fill(reflect.ValueOf(&r).Elem(), &n)
	got, err := decodeEnd(encodeEnd(nil, &r))
	if err != nil || !reflect.DeepEqual(*got, r) {
		t.Errorf("got  %+v, %v\nwant %+v", *got, err, r)
	}
	var s Start
	fill(reflect.ValueOf(&s).Elem(), &n)
	back, err := decodeStart(encodeStart(nil, &s))
	if err != nil || !reflect.DeepEqual(*back, s) {
		t.Errorf("got  %+v, %v\nwant %+v", *back, err, s)
	}
	zero, err := decodeEnd(encodeEnd(nil, &Record{}))
	if err != nil || !reflect.DeepEqual(*zero, Record{}) {
		t.Errorf("of an empty record came %+v, %v", *zero, err)
	}
}

// TestAnyRecord: what comes back is what was put in, whatever it was.
func TestAnyRecord(t *testing.T) {
	text := rapid.StringMatching(`[a-z0-9:/é漢"\\.-]{0,20}`)
	number := rapid.Int64()
	tokens := rapid.Custom(func(t *rapid.T) (k Tokens) {
		if rapid.Bool().Draw(t, "any") {
			k = Tokens{Input: number.Draw(t, "in"), Output: number.Draw(t, "out"), ImageOutput: number.Draw(t, "image")}
		}
		return k
	})
	attempt := rapid.Custom(func(t *rapid.T) Attempt {
		return Attempt{Number: rapid.Int().Draw(t, "number"), Route: text.Draw(t, "route"), End: End(text.Draw(t, "end")),
			Tokens: tokens.Draw(t, "tokens"), Raw: text.Draw(t, "raw"), Hedged: rapid.Bool().Draw(t, "hedged")}
	})
	rapid.Check(t, func(t *rapid.T) {
		r := Record{ID: text.Draw(t, "id"), Time: time.UnixMicro(rapid.Int64Range(1, 1<<50).Draw(t, "time")).UTC(),
			Model: text.Draw(t, "model"), Latency: number.Draw(t, "latency"), Estimated: rapid.Bool().Draw(t, "estimated"), Tokens: tokens.Draw(t, "sum")}
		if list := rapid.SliceOfN(attempt, 0, 5).Draw(t, "attempts"); len(list) > 0 {
			r.Attempts = list
		}
		got, err := decodeEnd(encodeEnd(nil, &r))
		if err != nil || !reflect.DeepEqual(*got, r) {
			t.Fatalf("got  %+v, %v\nwant %+v", *got, err, r)
		}
	})
}

// TestBounded: what is too long is cut, so that a frame is never too long; texts come back
// as ones that every store takes.
func TestBounded(t *testing.T) {
	long := strings.Repeat("漢", 1<<20)
	r := Record{ID: "a\x00b\xff", Losses: long, Attempts: make([]Attempt, 1000)}
	s := Start{ID: long, Ended: make([]Attempt, 1000)}
	for i := range r.Attempts {
		r.Attempts[i] = Attempt{Route: long, Provider: long, Upstream: long, Dialect: long, End: End(long), Error: long, Raw: long, Price: long, Reported: long}
	}
	copy(s.Ended, r.Attempts)
	for _, payload := range [][]byte{encodeEnd(nil, &r), encodeStart(nil, &s)} {
		if len(payload) > mostFrame {
			t.Errorf("a payload of %d bytes", len(payload))
		}
	}
	got, err := decodeEnd(encodeEnd(nil, &r))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "ab\uFFFD" {
		t.Errorf("the id is %q", got.ID)
	}
	a := got.Attempts[mostAttempts-1]
	if len(got.Attempts) != mostAttempts || len(a.Raw) > mostRaw || len(a.Raw) < mostRaw-3 || len(a.Route) > mostName || len(got.Losses) > mostText {
		t.Errorf("%d attempts, raw usage of %d, route of %d, losses of %d bytes", len(got.Attempts), len(a.Raw), len(a.Route), len(got.Losses))
	}
	if !utf8.ValidString(a.Raw) || strings.Contains(a.Raw, "\uFFFD") {
		t.Error("the raw usage is cut within a character")
	}
}

// TestLaterVersions: fields that this version does not know are passed over.
func TestLaterVersions(t *testing.T) {
	e := encoding(encodeEnd(nil, recordOf("a")))
	e = e.number(500, 7).text(501, "what is not known yet", mostText)
	e, begin := e.open(502)
	e = e.number(1, 1).close(begin)
	got, err := decodeEnd(e)
	if err != nil || !reflect.DeepEqual(got, recordOf("a")) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzDecode: no payload makes a decoder panic, and what it accepts is bounded by what came.
func FuzzDecode(f *testing.F) {
	f.Add(encodeEnd(nil, recordOf("a")))
	f.Add(encodeStart(nil, startOf("a")))
	f.Add([]byte{endKind, 0x03, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, payload []byte) {
		if r, err := decodeEnd(payload); err == nil {
			again, err := decodeEnd(encodeEnd(nil, r))
			if err != nil {
				t.Fatalf("%+v is not read back: %v", r, err)
			}
			if again.ID != cut(r.ID, mostName) && utf8.ValidString(cut(r.ID, mostName)) {
				t.Fatalf("the id %q came back as %q", r.ID, again.ID)
			}
		}
		if s, err := decodeStart(payload); err == nil && len(s.Ended) > len(payload) {
			t.Fatal("more attempts than bytes")
		}
	})
}
