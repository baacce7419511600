package keys_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rickyjim626/xjp-gateway/keys"
)

// TestCapturePicks checks which draws pick a request, and that none does at the end.
func TestCapturePicks(t *testing.T) {
	end := noon.Add(time.Hour)
	for _, test := range []struct {
		capture keys.Capture
		at      time.Time
		draw    float64
		want    bool
	}{
		{keys.Capture{Share: 1}, noon, 0, true},
		{keys.Capture{Share: 1}, noon, 0.999999, true},
		{keys.Capture{Share: 0.25}, noon, 0.249, true},
		{keys.Capture{Share: 0.25}, noon, 0.25, false},
		{keys.Capture{Share: 1, Until: &end}, end.Add(-1), 0.5, true},
		{keys.Capture{Share: 1, Until: &end}, end, 0.5, false},
	} {
		if got := test.capture.Picks(test.at, test.draw); got != test.want {
			t.Errorf("%+v at %v with %v: %v", test.capture, test.at, test.draw, got)
		}
	}
}

// TestCaptureOfKeys checks what an administrator can set, in which words all else is
// refused, and that each change is in the audit.
func TestCaptureOfKeys(t *testing.T) {
	m, s := managed(t)
	r, secret, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct{ patch, want, detail string }{
		{`{"capture":{"share":0.5}}`, `{"share":0.5}`, `{"capture":{"from":null,"to":{"share":0.5}}}`},
		{`{"capture":{"share":0.5}}`, `{"share":0.5}`, ""},
		{`{"capture":{"until":"2026-12-01T00:00:00.1234567+01:00"}}`, `{"share":0.5,"until":"2026-11-30T23:00:00.123456Z"}`, ""},
		{`{"description":"x"}`, `{"share":0.5,"until":"2026-11-30T23:00:00.123456Z"}`, `{"description":{"from":null,"to":"x"}}`},
		{`{"capture":{"share":1,"until":null}}`, `{"share":1}`, ""},
		{`{"capture":{"share":0}}`, "capture.share: must be above 0 and at most 1, such as 0.1 for one request in ten; to capture none, leave capture out or set it to null", ""},
		{`{"capture":{"share":1.5}}`, "capture.share: must be above 0 and at most 1", ""},
		{`{"capture":{"share":-1}}`, "capture.share: must be above 0", ""},
		{`{"capture":{"share":null}}`, "capture.share: must be above 0", ""},
		{`{"capture":{"share":"10%"}}`, "capture.share: must be a number", ""},
		{`{"capture":{"share":1,"until":"tomorrow"}}`, "capture.until: must be a time such as 2026-11-26T08:00:00Z", ""},
		{`{"capture":{"until":"2026-11-26T11:00:00Z"}}`, "capture.until: is in the past", ""},
		{`{"capture":{"until":"9999-12-31T23:59:59-12:00"}}`, "capture.until: must not be after the year 9999 in UTC", ""},
		{`{"capture":{"bodies":true}}`, "capture.bodies: is not known", ""},
		{`{"capture":{"Share":1}}`, "capture.Share: is not known", ""},
		{`{"capture":true}`, "capture: must be a JSON object", ""},
		{`{"capture":null}`, `null`, `{"capture":{"from":{"share":1},"to":null}}`},
	} {
		m.Now = func() time.Time { return noon.Add(time.Duration(i+1) * time.Second) }
		before := len(log(t, s))
		r, err := m.UpdateKey(t.Context(), "ann", "acme", r.ID, []byte(step.patch))
		if err != nil {
			var invalid *keys.InvalidError
			if !errors.As(err, &invalid) || !strings.HasPrefix(err.Error(), step.want) {
				t.Errorf("%s: %v, want %s", step.patch, err, step.want)
			}
			continue
		}
		if got, _ := json.Marshal(r.Capture); string(got) != step.want {
			t.Errorf("%s: %s, want %s", step.patch, got, step.want)
		}
		if entries := log(t, s); step.detail != "" && (len(entries) != before+1 || entries[0].Detail != step.detail) {
			t.Errorf("%s: %+v", step.patch, entries[0])
		}
	}
	var p *keys.Principal
	if _, err := m.UpdateKey(t.Context(), "ann", "", r.ID, []byte(`{"capture":{"share":0.5}}`)); err != nil {
		t.Fatal(err)
	}
	d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }, Peppers: m.Peppers})
	defer d.Close()
	if p, err = d.Find(t.Context(), secret); err != nil || p.Capture == nil || p.Capture.Share != 0.5 {
		t.Errorf("the principal is %+v: %v", p, err)
	}
}

// TestCaptureThatHasEnded checks that a key whose capture is over can be changed, and that
// one that takes its place is captured alike.
func TestCaptureThatHasEnded(t *testing.T) {
	m, _ := managed(t)
	end := noon.Add(time.Minute)
	r, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{Capture: &keys.Capture{Share: 0.1, Until: &end}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{Capture: &keys.Capture{Share: 0.1, Until: &noon}}); fmt.Sprint(err) != "capture.until: is in the past" {
		t.Errorf("%v", err)
	}
	m.Now = func() time.Time { return noon.Add(time.Hour) }
	if _, err := m.UpdateKey(t.Context(), "ann", "", r.ID, []byte(`{"description":"over"}`)); err != nil {
		t.Error(err)
	}
	successor, _, err := m.RotateKey(t.Context(), "ann", "", r.ID, 0)
	if err != nil || successor.Capture == nil || successor.Capture.Share != 0.1 || !successor.Capture.Until.Equal(end) {
		t.Errorf("%+v, %v", successor, err)
	}
}
