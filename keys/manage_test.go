package keys_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
	"github.com/rickyjim626/xjp-gateway/limits"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 123456000, time.UTC)

// managed makes a manager of a store with the tenant acme, whose clock stands still.
func managed(t testing.TB) (*keys.Manager, *keystest.Store) {
	t.Helper()
	p, err := keys.NewPeppers([]string{"the-only-pepper-of-all"})
	if err != nil {
		t.Fatal(err)
	}
	s := keystest.New("acme")
	return &keys.Manager{Store: s, Peppers: p, Now: func() time.Time { return noon.Add(789 * time.Nanosecond) },
		Dialects: []string{"openai", "anthropic"}, Endpoints: []string{"generate", "count_tokens", "models"}}, s
}

// log gives the audit, the latest first.
func log(t testing.TB, s *keystest.Store) []keys.Audit {
	t.Helper()
	entries, _, err := s.AuditLog(context.Background(), keys.AuditFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestCreateKey(t *testing.T) {
	m, s := managed(t)
	var told []keys.Change
	m.Changed = func(c ...keys.Change) { told = append(told, c...) }
	expires := noon.Add(time.Hour)
	r, secret, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{
		Description: "the build server", Scope: keys.Scope{Models: []string{"claude-*"}, Dialects: []string{"openai"}, Endpoints: []string{"generate"}},
		Limits: limits.Set{RequestsPerMinute: 120}, Expires: &expires, Metadata: map[string]string{"owner": "ann"},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }, Peppers: m.Peppers, Now: m.Now})
	defer d.Close()
	p, err := d.Find(t.Context(), secret)
	if err != nil || p.ID != r.ID || p.Tenant != "acme" || p.Limits.RequestsPerMinute != 120 || p.May("gpt") {
		t.Errorf("%+v, %v", p, err)
	}
	if !r.Created.Equal(noon) || !r.Updated.Equal(noon) || r.Version != 1 || fmt.Sprint(told) != fmt.Sprintf("[{ %s}]", r.ID) {
		t.Errorf("%+v, told %v", r, told)
	}
	entries := log(t, s)
	want := `{"description":"the build server","scope":{"models":["claude-*"],"dialects":["openai"],"endpoints":["generate"]},"limits":{"requests_per_minute":120},"expires":"2026-11-26T13:00:00.123456Z","metadata":{"owner":"ann"}}`
	if len(entries) != 1 || entries[0].Detail != want {
		t.Fatalf("%+v", entries)
	}
	if e := entries[0]; e.Actor != "ann" || e.Action != "key.create" || e.Tenant != "acme" || e.Subject != r.ID || !e.Time.Equal(noon) || e.ID == "" {
		t.Errorf("%+v", e)
	}
}

func TestCreateKeyWithoutTenant(t *testing.T) {
	m, s := managed(t)
	if err := s.DeleteTenant(t.Context(), keys.DefaultTenant, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first makes the tenant
		if r, _, err := m.CreateKey(t.Context(), "ann", "", keys.KeySpec{}); err != nil || r.Tenant != keys.DefaultTenant {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if entries := log(t, s); len(entries) != 3 {
		t.Errorf("%+v", entries)
	}
	if _, _, err := m.CreateKey(t.Context(), "ann", "nobody", keys.KeySpec{}); !errors.Is(err, keys.ErrNotFound) || err.Error() != `tenant "nobody": not found` {
		t.Errorf("%v", err)
	}
}

func TestKeysAreRefused(t *testing.T) {
	past := noon.Add(-time.Second)
	endless := time.Date(9999, time.December, 31, 23, 59, 59, 0, time.FixedZone("west", -12*60*60))
	long := strings.Repeat("x", 1000)
	many := map[string]string{}
	for i := range 17 {
		many[fmt.Sprint(i)] = "x"
	}
	for _, test := range []struct {
		name, actor, tenant string
		spec                keys.KeySpec
		want                string
	}{
		{"no actor", "", "acme", keys.KeySpec{}, "actor: must say who makes the change"},
		{"a tenant's id", "ann", "a/b", keys.KeySpec{}, "tenant: may hold letters, digits, dots, dashes and underscores, and begins with a letter or digit"},
		{"a long id", "ann", long, keys.KeySpec{}, "tenant: must have 1 to 64 characters"},
		{"two stars", "ann", "acme", keys.KeySpec{Scope: keys.Scope{Models: []string{"ok", "a*b*"}}}, `scope.models: "a*b*" may hold one * at most`},
		{"a model without a name", "ann", "acme", keys.KeySpec{Scope: keys.Scope{Models: []string{""}}}, `scope.models: "" is no name of a model`},
		{"no model", "ann", "acme", keys.KeySpec{Scope: keys.Scope{Models: []string{}}}, "scope.models: is empty; leave it out, or set it to null, to allow all"},
		{"a dialect", "ann", "acme", keys.KeySpec{Scope: keys.Scope{Dialects: []string{"opneai"}}}, `scope.dialects: "opneai" is not known; there are openai, anthropic`},
		{"an endpoint", "ann", "acme", keys.KeySpec{Scope: keys.Scope{Endpoints: []string{"all"}}}, `scope.endpoints: "all" is not known; there are generate, count_tokens, models`},
		{"a limit", "ann", "acme", keys.KeySpec{Limits: limits.Set{Concurrent: -2}}, "limits: concurrent must not be negative"},
		{"an expiry", "ann", "acme", keys.KeySpec{Expires: &past}, "expires: is in the past"},
		{"an expiry that UTC has in the year 10000", "ann", "acme", keys.KeySpec{Expires: &endless}, "expires: must not be after the year 9999 in UTC"},
		{"a description", "ann", "acme", keys.KeySpec{Description: long}, "description: may have 512 bytes at most"},
		{"what no database takes", "ann", "acme", keys.KeySpec{Description: "a\x00b"}, "description: must not hold control characters"},
		{"what is not UTF-8", "ann", "acme", keys.KeySpec{Description: "\xff"}, "description: must be valid UTF-8"},
		{"much metadata", "ann", "acme", keys.KeySpec{Metadata: many}, "metadata: may have 16 entries at most"},
		{"long metadata", "ann", "acme", keys.KeySpec{Metadata: map[string]string{"a": long}}, "metadata.a: may have 256 bytes at most, with its name"},
		{"metadata without a name", "ann", "acme", keys.KeySpec{Metadata: map[string]string{"": "x"}}, "metadata: has an entry without a name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, s := managed(t)
			_, secret, err := m.CreateKey(t.Context(), test.actor, test.tenant, test.spec)
			var invalid *keys.InvalidError
			if !errors.As(err, &invalid) || !strings.HasPrefix(err.Error(), test.want) || secret != "" {
				t.Errorf("%v", err)
			}
			if s.Calls("CreateKey") != 0 {
				t.Error("it was stored")
			}
		})
	}
}

func TestUpdateKey(t *testing.T) {
	const full = `{"description":"a","scope":{"models":["m"],"endpoints":["models"]},"limits":{"requests_per_minute":5,"budget":"1.50"},"expires":"2027-01-01T00:00:00Z","metadata":{"a":"1","b":"2"}}`
	for _, test := range []struct{ name, patch, want, detail string }{
		{"nothing", `{}`, full, ""},
		{"the same", full, full, ""},
		{"one field", `{"description":"b"}`, strings.Replace(full, `"a"`, `"b"`, 1), `{"description":{"from":"a","to":"b"}}`},
		{"cleared", `{"description":null,"scope":null,"limits":null,"expires":null,"metadata":null}`, `{}`, ""},
		{"inside of fields", `{"scope":{"models":null},"limits":{"budget":null,"concurrent":2},"metadata":{"b":null,"c":"3"},"description":null,"expires":null}`,
			`{"scope":{"endpoints":["models"]},"limits":{"requests_per_minute":5,"concurrent":2},"metadata":{"a":"1","c":"3"}}`, ""},
		{"disabled", `{"disabled":true}`, strings.Replace(full, `"expires"`, `"disabled":true,"expires"`, 1), `{"disabled":{"from":null,"to":true}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, s := managed(t)
			var spec keys.KeySpec
			if err := json.Unmarshal([]byte(full), &spec); err != nil {
				t.Fatal(err)
			}
			made, _, err := m.CreateKey(t.Context(), "ann", "acme", spec)
			if err != nil {
				t.Fatal(err)
			}
			m.Now = func() time.Time { return noon.Add(time.Minute) }
			r, err := m.UpdateKey(t.Context(), "bob", "acme", made.ID, []byte(test.patch))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := json.Marshal(keys.KeySpec{Description: r.Description, Scope: r.Scope, Limits: r.Limits, Disabled: r.Disabled, Expires: r.Expires, Metadata: r.Metadata})
			var want keys.KeySpec
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if expected, _ := json.Marshal(want); string(got) != string(expected) {
				t.Errorf("%s, want %s", got, expected)
			}
			stored, _ := s.Key(t.Context(), "acme", made.ID)
			same := test.want == full
			if stored.Version != r.Version || (r.Version == 1) != same || stored.Updated.After(noon) == same || stored.Hash != made.Hash {
				t.Errorf("version %d, updated %v", r.Version, stored.Updated)
			}
			if entries := log(t, s); len(entries) != map[bool]int{true: 1, false: 2}[same] || test.detail != "" && entries[0].Detail != test.detail {
				t.Errorf("%+v", entries)
			}
		})
	}
}

func TestUpdatesAreRefused(t *testing.T) {
	m, s := managed(t)
	r, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	for patch, want := range map[string]string{
		`[]`:                                 "body: must be a JSON object",
		`null`:                               "body: must be a JSON object",
		``:                                   "body: cannot be read as JSON: EOF",
		`{"disabled":true,"disabled":false}`: "disabled: is given twice",
		`{"xyz":null}`:                       "xyz: is not known",
		`{"limits":{"requests_per_minut":null},"disabld":null}`: `limits: unknown limit "requests_per_minut"`,
		`{"limits":{"budget":"1","budget":"2"}}`:                "limits.budget: is given twice",
		`{"limits":"x"}`:                                        "limits: limits must be an object of names and numbers",
		`{"expires":5}`:                                         "expires: must be a time such as 2026-11-26T08:00:00Z",
		`{"disabled":true} {}`:                                  "body: holds more than one JSON value",
		`{"enabled":true}`:                                      "enabled: is not known",
		`{"Disabled":true}`:                                     "Disabled: is not known",
		`{"scope":{"Models":[]}}`:                               "scope.Models: is not known",
		`{"revoked":null}`:                                      "revoked: is not known",
		`{"disabled":"yes"}`:                                    "disabled: must be true or false",
		`{"scope":{"models":"x"}}`:                              "scope.models: must be a list of strings",
		`{"scope":{"models":[]}}`:                               "scope.models: is empty; leave it out, or set it to null, to allow all",
		`{"limits":{"rpm":5}}`:                                  `limits: unknown limit "rpm"`,
		`{"expires":"2020-01-01T00:00:00Z"}`:                    "expires: is in the past",
		`{"metadata":{"A":5}}`:                                  "metadata.A: must be a string",
		`{"hash":"00","pepper":""}`:                             "hash: is not known",
	} {
		_, err := m.UpdateKey(t.Context(), "ann", "acme", r.ID, []byte(patch))
		if fmt.Sprint(err) != want && (err != nil || want != "") {
			t.Errorf("%s: %v, want %s", patch, err, want)
		}
	}
	if s.Calls("UpdateKey") != 0 {
		t.Error("something was written")
	}
	for _, tenant := range []string{keys.DefaultTenant, "nobody"} {
		if _, err := m.UpdateKey(t.Context(), "ann", tenant, r.ID, []byte(`{"disabled":true}`)); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}
		if _, err := m.RevokeKey(t.Context(), "ann", tenant, r.ID); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}
		if _, _, err := m.RotateKey(t.Context(), "ann", tenant, r.ID, 0); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}
	}
}

func TestAnExpiredKeyCanBeChanged(t *testing.T) {
	m, _ := managed(t)
	end := noon.Add(time.Minute)
	r, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{Expires: &end})
	if err != nil {
		t.Fatal(err)
	}
	m.Now = func() time.Time { return noon.Add(time.Hour) }
	if _, err := m.UpdateKey(t.Context(), "ann", "", r.ID, []byte(`{"description":"over"}`)); err != nil {
		t.Error(err)
	}
	if _, _, err := m.RotateKey(t.Context(), "ann", "", r.ID, 0); err == nil || err.Error() != "the key has expired; make a new one" {
		t.Error(err)
	}
	if r, err = m.UpdateKey(t.Context(), "ann", "", r.ID, []byte(`{"expires":null}`)); err != nil || r.Expires != nil {
		t.Error(err)
	}
}

func TestRevokeKey(t *testing.T) {
	m, s := managed(t)
	r, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		revoked, err := m.RevokeKey(t.Context(), "ann", "acme", r.ID)
		if err != nil || revoked.Revoked == nil || !revoked.Revoked.Equal(noon) || revoked.Version != 2 {
			t.Errorf("%+v, %v", revoked, err)
		}
	}
	if entries := log(t, s); len(entries) != 2 {
		t.Errorf("%+v", entries)
	}
	if _, err := m.UpdateKey(t.Context(), "ann", "acme", r.ID, []byte(`{"disabled":false}`)); err == nil {
		t.Error("a revoked key was changed")
	}
	if _, _, err := m.RotateKey(t.Context(), "ann", "acme", r.ID, 0); err == nil {
		t.Error("a revoked key was rotated")
	}
}

func TestRotateKey(t *testing.T) {
	for _, test := range []struct {
		name             string
		expires, overlap time.Duration // 0 is none
		want             time.Duration
	}{
		{"with overlap", 0, time.Hour, time.Hour},
		{"at once", 0, 0, 0},
		{"it would expire before", time.Minute, time.Hour, time.Minute},
		{"it would expire later", time.Hour, time.Minute, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, s := managed(t)
			spec := keys.KeySpec{Description: "d", Scope: keys.Scope{Models: []string{"m"}}, Limits: limits.Set{Concurrent: 1}, Metadata: map[string]string{"a": "b"}, Disabled: true}
			if test.expires > 0 {
				end := noon.Add(test.expires)
				spec.Expires = &end
			}
			old, oldSecret, err := m.CreateKey(t.Context(), "ann", "acme", spec)
			if err != nil {
				t.Fatal(err)
			}
			r, secret, err := m.RotateKey(t.Context(), "bob", "", old.ID, test.overlap)
			if err != nil {
				t.Fatal(err)
			}
			if r.ID == old.ID || secret == oldSecret || r.Replaces != old.ID || r.Tenant != "acme" || r.Description != "d" || len(r.Scope.Models) != 1 || r.Limits != old.Limits || !r.Disabled || (r.Expires == nil) != (test.expires == 0) {
				t.Errorf("%+v", r)
			}
			was, _ := s.Key(t.Context(), "acme", old.ID)
			if was.Expires == nil || !was.Expires.Equal(noon.Add(test.want)) {
				t.Errorf("the old one expires %v", was.Expires)
			}
			if !slices.ContainsFunc(log(t, s), func(e keys.Audit) bool {
				return e.Action == "key.rotate" && e.Actor == "bob" && e.Subject == old.ID && strings.Contains(e.Detail, r.ID)
			}) {
				t.Errorf("%+v", log(t, s))
			}
			if !slices.ContainsFunc(log(t, s), func(e keys.Audit) bool {
				return e.Action == "key.create" && e.Actor == "bob" && e.Subject == r.ID && e.Tenant == "acme" &&
					strings.HasPrefix(e.Detail, `{"replaces":"`+old.ID+`","description":"d",`)
			}) {
				t.Errorf("of the new key the audit says nothing: %+v", log(t, s))
			}
		})
	}
	m, _ := managed(t)
	for _, overlap := range []time.Duration{-1, keys.MaxOverlap + 1} {
		if _, _, err := m.RotateKey(t.Context(), "ann", "", "k", overlap); err == nil || err.Error() != "overlap: must be from 0 to 90 days" {
			t.Error(err)
		}
	}
}

// TestRotatedOnce checks that a key that is about to be replaced has no second successor, which
// would end along with it, and that its successor can be rotated.
func TestRotatedOnce(t *testing.T) {
	m, _ := managed(t)
	first, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := m.RotateKey(t.Context(), "ann", "", first.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(says string) {
		t.Helper()
		var over *keys.OverError
		if _, _, err := m.RotateKey(t.Context(), "ann", "", first.ID, 2*time.Hour); !errors.As(err, &over) || err.Error() != "the key was already rotated to "+second.ID+says {
			t.Error(err)
		}
	}
	refused("; rotate that one")
	if third, _, err := m.RotateKey(t.Context(), "ann", "", second.ID, time.Hour); err != nil || third.Expires != nil {
		t.Errorf("%+v, %v", third, err)
	}
	if _, err := m.RevokeKey(t.Context(), "ann", "", second.ID); err != nil {
		t.Fatal(err)
	}
	refused(", which is revoked; make a new one")
}

func TestTenants(t *testing.T) {
	m, s := managed(t)
	spec := keys.TenantSpec{Name: "Initech", KeyLimits: limits.Set{RequestsPerMinute: 5}, ModelLimits: map[string]limits.Set{"Claude-*": {Concurrent: 2}}}
	made, err := m.CreateTenant(t.Context(), "ann", "initech", spec)
	if err != nil || made.Version != 1 {
		t.Fatal(err)
	}
	if _, err := m.CreateTenant(t.Context(), "ann", "initech", spec); !errors.Is(err, keys.ErrExists) || err.Error() != `tenant "initech": exists already` {
		t.Error(err)
	}
	updated, err := m.UpdateTenant(t.Context(), "ann", "initech", []byte(`{"disabled":true,"model_limits":{"Claude-*":{"concurrent":3},"*":{"budget":"5"}},"key_limits":null}`))
	if err != nil || !updated.Disabled || updated.Name != "Initech" || updated.KeyLimits != (limits.Set{}) || len(updated.ModelLimits) != 2 || updated.ModelLimits["Claude-*"].Concurrent != 3 {
		t.Errorf("%+v, %v", updated, err)
	}
	updated, err = m.UpdateTenant(t.Context(), "ann", "initech", []byte(`{"model_limits":{"Claude-*":{"concurrent":null},"gpt":{"requests_per_day":null}}}`))
	if err != nil || len(updated.ModelLimits) != 1 || updated.ModelLimits["*"].Budget == 0 {
		t.Errorf("what has no limit left stays: %+v, %v", updated, err)
	}
	for patch, want := range map[string]string{
		`{"model_limits":{"a*b*":{}}}`:             `model_limits: "a*b*" may hold one * at most`,
		`{"model_limits":{"a":{"concurrent":-7}}}`: "",
		`{"key_limits":{"tokens":1}}`:              "",
		`{"name":7}`:                               "name: must be a string",
		`{"id":"x"}`:                               "id: is not known",
	} {
		if _, err := m.UpdateTenant(t.Context(), "ann", "initech", []byte(patch)); err == nil || want != "" && err.Error() != want {
			t.Errorf("%s: %v", patch, err)
		}
	}
	if _, err := m.UpdateTenant(t.Context(), "ann", "nobody", []byte(`{}`)); !errors.Is(err, keys.ErrNotFound) {
		t.Error(err)
	}

	r, _, err := m.CreateKey(t.Context(), "ann", "initech", keys.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.DeleteTenant(t.Context(), "ann", "initech"); !errors.Is(err, keys.ErrInUse) {
		t.Error(err)
	}
	if _, err := m.RevokeKey(t.Context(), "ann", "initech", r.ID); err != nil {
		t.Error(err)
	}
	if err := m.DeleteTenant(t.Context(), "ann", "initech"); err != nil {
		t.Error(err)
	}
	if err := m.DeleteTenant(t.Context(), "ann", "initech"); !errors.Is(err, keys.ErrNotFound) {
		t.Error(err)
	}
	if err := m.DeleteTenant(t.Context(), "ann", keys.DefaultTenant); err == nil {
		t.Error("the default tenant was deleted")
	}
	if _, err := s.Key(t.Context(), "", r.ID); !errors.Is(err, keys.ErrNotFound) {
		t.Error("its keys are left")
	}
}

// Administrators who change one key at once undo nothing of one another's.
func TestChangesAtOnce(t *testing.T) {
	m, s := managed(t)
	r, _, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for {
				_, err := m.UpdateKey(t.Context(), "ann", "acme", r.ID, fmt.Appendf(nil, `{"metadata":{"n%d":"x"}}`, i))
				if err == nil {
					return
				}
				if !errors.Is(err, keys.ErrChanged) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if r, _ = s.Key(t.Context(), "", r.ID); len(r.Metadata) != 4 || r.Version != 5 {
		t.Errorf("%+v", r)
	}
}

// Neither a secret nor a hash, nor a pepper, is in anything but the one answer.
func TestNothingTellsASecret(t *testing.T) {
	m, s := managed(t)
	made, first, err := m.CreateKey(t.Context(), "ann", "acme", keys.KeySpec{Description: "d"})
	if err != nil {
		t.Fatal(err)
	}
	next, second, err := m.RotateKey(t.Context(), "ann", "acme", made.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := m.RevokeKey(t.Context(), "ann", "acme", next.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, refused := m.UpdateKey(t.Context(), "ann", "acme", next.ID, []byte(`{"x":1}`))
	written, _ := json.Marshal([]any{log(t, s), made, next, revoked, fmt.Sprint(refused)})
	for _, secret := range []string{first, second} {
		hash, _ := m.Peppers.Hash(secret)
		encoded, _ := json.Marshal(hash)
		for _, canary := range []string{secret, secret[16:], fmt.Sprintf("%x", hash), string(encoded), "the-only-pepper"} {
			if strings.Contains(string(written), canary) {
				t.Errorf("%s is told", keys.Redacted(canary))
			}
		}
	}
}

// A merge patch of what a key is leads to it, from whatever key.
func TestPatchesLeadAnywhere(t *testing.T) {
	spec := rapid.Custom(func(t *rapid.T) keys.KeySpec {
		s := keys.KeySpec{
			Description: rapid.StringMatching(`[a-zé ]{0,10}`).Draw(t, "description"), Disabled: rapid.Bool().Draw(t, "disabled"),
			Limits:   limits.Set{RequestsPerMinute: rapid.Int64Range(-1, 5).Draw(t, "rpm"), TokensPerDay: rapid.Int64Range(0, 1<<40).Draw(t, "tpd")},
			Metadata: rapid.MapOfN(rapid.StringMatching(`[A-Za-z.]{1,5}`), rapid.StringMatching(`[ -~]{0,9}`), 0, 3).Draw(t, "metadata"),
		}
		if rapid.Bool().Draw(t, "expires") {
			at := noon.Add(time.Duration(rapid.IntRange(1, 1000).Draw(t, "in")) * time.Microsecond)
			s.Expires = &at
		}
		if models := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,5}\*?`), 0, 3).Draw(t, "models"); len(models) > 0 {
			s.Scope.Models = models
		}
		return s
	})
	rapid.Check(t, func(rt *rapid.T) {
		m, s := managed(t)
		from, to := spec.Draw(rt, "from"), spec.Draw(rt, "to")
		r, _, err := m.CreateKey(t.Context(), "ann", "acme", from)
		if err != nil {
			rt.Fatal(err)
		}
		patch := map[string]any{"description": nil, "scope": nil, "limits": nil, "disabled": nil, "expires": nil, "metadata": nil}
		clear, _ := json.Marshal(patch)
		full, _ := json.Marshal(to)
		for _, p := range [][]byte{clear, full} {
			if _, err := m.UpdateKey(t.Context(), "ann", "acme", r.ID, p); err != nil {
				rt.Fatal(err)
			}
		}
		r, _ = s.Key(t.Context(), "acme", r.ID)
		got, _ := json.Marshal(keys.KeySpec{Description: r.Description, Scope: r.Scope, Limits: r.Limits, Disabled: r.Disabled, Expires: r.Expires, Metadata: r.Metadata})
		if string(got) != string(full) {
			rt.Fatalf("%s, want %s", got, full)
		}
	})
}
