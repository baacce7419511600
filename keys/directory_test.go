package keys_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/keys"
	"github.com/rickyjim626/xjp-gateway/keys/keystest"
	"github.com/rickyjim626/xjp-gateway/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a directory before a store and lets its first poll pass.
func open(t *testing.T, s *keystest.Store, o keys.DirectoryOptions) *keys.Directory {
	t.Helper()
	if o.Store == nil {
		o.Store = func() keys.Store { return s }
	}
	d := keys.NewDirectory(o)
	t.Cleanup(d.Close)
	synctest.Wait()
	return d
}

// add makes a key and stores it as change wants it.
func add(t testing.TB, s *keystest.Store, p *keys.Peppers, change func(*keys.Record)) (id, secret string) {
	t.Helper()
	id, secret = keys.NewSecret()
	r := &keys.Record{ID: id, Tenant: keys.DefaultTenant}
	r.Hash, r.Pepper = p.Hash(secret)
	if change != nil {
		change(r)
	}
	if err := s.CreateKey(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	return id, secret
}

// edit changes a key in the store, as another node would.
func edit(t testing.TB, s *keystest.Store, id string, change func(*keys.Record)) {
	t.Helper()
	r, err := s.Key(t.Context(), "", id)
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	if err := s.UpdateKey(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
}

func revoke(r *keys.Record) { now := time.Now(); r.Revoked = &now }

// expect checks what becomes of a secret.
func expect(t *testing.T, d *keys.Directory, secret string, want error) {
	t.Helper()
	p, err := d.Find(t.Context(), secret)
	if !errors.Is(err, want) || (err == nil) != (p != nil) {
		t.Errorf("%s: %v and %v, want %v", keys.Redacted(secret), p, err, want)
	}
}

func TestFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New("off")
		tenant, _ := s.Tenant(t.Context(), "off")
		tenant.Disabled = true
		if err := s.UpdateTenant(t.Context(), tenant, nil); err != nil {
			t.Fatal(err)
		}
		d := open(t, s, keys.DirectoryOptions{})
		past, soon := time.Now(), time.Now().Add(time.Minute)
		old := "XJP_0123456789012345678901234567890123456789-_x"
		add(t, s, nil, func(r *keys.Record) { r.ID, r.Hash = "imported", keys.HashOf(old) })
		_, good := add(t, s, nil, nil)
		_, forged := keys.NewSecret()
		typo := []byte(good)
		typo[20] = '0'
		if good[20] == '0' {
			typo[20] = '1'
		}
		for _, test := range []struct {
			name   string
			change func(*keys.Record)
			secret string
			want   error
		}{
			{"good", nil, good, nil},
			{"imported", nil, old, nil},
			{"not made here", nil, "sk-other", keys.ErrUnknown},
			{"empty", nil, "", keys.ErrUnknown},
			{"never made", nil, forged, keys.ErrUnknown},
			{"mistyped", nil, string(typo), keys.ErrMistyped},
			{"mistyped is unknown", nil, string(typo), keys.ErrUnknown},
			{"disabled", func(r *keys.Record) { r.Disabled = true }, "", keys.ErrDisabled},
			{"of a disabled tenant", func(r *keys.Record) { r.Tenant = "off" }, "", keys.ErrDisabled},
			{"expired", func(r *keys.Record) { r.Expires = &past }, "", keys.ErrExpired},
			{"not yet expired", func(r *keys.Record) { r.Expires = &soon }, "", nil},
			{"revoked", revoke, "", keys.ErrRevoked},
			{"revoked is unknown, even if it is disabled too", func(r *keys.Record) { revoke(r); r.Disabled = true }, "", keys.ErrUnknown},
			{"the right id with another secret", func(r *keys.Record) { r.Hash = keys.HashOf(forged) }, "", keys.ErrUnknown},
		} {
			secret := test.secret
			if test.change != nil {
				_, secret = add(t, s, nil, test.change)
			}
			for range 2 { // from the store, then from memory
				if p, err := d.Find(t.Context(), secret); !errors.Is(err, test.want) || (err == nil) != (p != nil) {
					t.Errorf("%s: %v, want %v", test.name, err, test.want)
				}
			}
		}
		if n := s.Calls("Key", "KeyByHash"); n > 13 {
			t.Errorf("%d look-ups", n)
		}
	})
}

func TestExpiryIsCheckedAtEachUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		d := open(t, s, keys.DirectoryOptions{})
		end := time.Now().Add(time.Minute)
		_, secret := add(t, s, nil, func(r *keys.Record) { r.Expires = &end })
		expect(t, d, secret, nil)
		time.Sleep(time.Minute - time.Nanosecond)
		expect(t, d, secret, nil)
		time.Sleep(time.Nanosecond)
		expect(t, d, secret, keys.ErrExpired)
	})
}

func TestPrincipal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		tenant := &keys.Tenant{ID: "acme", Limits: limits.Set{TokensPerDay: 7}, KeyLimits: limits.Set{RequestsPerMinute: 60, Concurrent: 5},
			ModelLimits: map[string]limits.Set{"x": {Concurrent: 1}}, Metadata: map[string]string{"plan": "gold", "team": "a"}}
		if err := s.CreateTenant(t.Context(), tenant, nil); err != nil {
			t.Fatal(err)
		}
		d := open(t, s, keys.DirectoryOptions{})
		id, secret := add(t, s, nil, func(r *keys.Record) {
			r.Tenant, r.Limits, r.Scope.Models = "acme", limits.Set{RequestsPerMinute: 10}, []string{"claude-*"}
			r.Metadata = map[string]string{"team": "b"}
		})
		p, err := d.Find(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if want := (limits.Set{RequestsPerMinute: 10, Concurrent: 5}); p.Limits != want || p.TenantLimits != tenant.Limits {
			t.Errorf("limits %+v and %+v", p.Limits, p.TenantLimits)
		}
		if p.ID != id || p.Tenant != "acme" || p.Static || p.May("gpt") || fmt.Sprint(p.Metadata) != "map[plan:gold team:b]" || len(p.ModelLimits) != 1 {
			t.Errorf("%+v", p)
		}
	})
}

func TestRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		id, secret := add(t, s, nil, nil)
		_, other := add(t, s, nil, nil)
		here, elsewhere := open(t, s, keys.DirectoryOptions{}), open(t, s, keys.DirectoryOptions{})
		for _, d := range []*keys.Directory{here, elsewhere} {
			expect(t, d, secret, nil)
			expect(t, d, other, nil)
		}
		edit(t, s, id, revoke)
		here.Invalidate(keys.Change{Key: id})
		expect(t, here, secret, keys.ErrRevoked)
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, elsewhere, secret, keys.ErrRevoked)
		before := s.Calls("Key")
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, elsewhere, other, nil)
		if s.Calls("Key") != before {
			t.Error("a key that has not changed is read again")
		}

		tenant, _ := s.Tenant(t.Context(), keys.DefaultTenant)
		tenant.Disabled = true
		if err := s.UpdateTenant(t.Context(), tenant, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, here, other, keys.ErrDisabled)
		expect(t, elsewhere, other, keys.ErrDisabled)
	})
}

// A key that is revoked between being read and being remembered must not be remembered,
// nor be found by a request that begins after the revocation.
func TestRevocationDuringLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		d := open(t, s, keys.DirectoryOptions{})
		id, secret := add(t, s, nil, nil)
		read, revoked := make(chan struct{}), make(chan struct{})
		var once atomic.Bool
		s.Before(func(method string) {
			if method == "Tenant" && !once.Swap(true) {
				close(read)
				<-revoked
			}
		})
		first := make(chan error)
		go func() {
			_, err := d.Find(t.Context(), secret)
			first <- err
		}()
		<-read
		edit(t, s, id, revoke)
		d.Invalidate(keys.Change{Key: id})
		expect(t, d, secret, keys.ErrRevoked) // it does not wait for the other's answer
		close(revoked)
		if err := <-first; err != nil {
			t.Errorf("the request that came before: %v", err)
		}
		expect(t, d, secret, keys.ErrRevoked)
	})
}

func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		var notices []string
		d := open(t, s, keys.DirectoryOptions{Notice: func(m string, err error) { notices = append(notices, fmt.Sprint(m, " ", err)) }})
		strict := open(t, s, keys.DirectoryOptions{OnFailure: keys.Deny})
		_, known := add(t, s, nil, nil)
		_, unseen := add(t, s, nil, nil)
		_, none := keys.NewSecret()
		expect(t, d, known, nil)
		expect(t, d, none, keys.ErrUnknown)
		expect(t, strict, known, nil)

		s.Fail(keystest.ErrAway)
		expect(t, d, unseen, keys.ErrUnavailable) // even before the poll has found out
		time.Sleep(time.Second)
		synctest.Wait()
		before := s.Calls("Key")
		expect(t, d, known, nil)
		expect(t, d, unseen, keys.ErrUnavailable)
		expect(t, d, none, keys.ErrUnavailable)
		expect(t, d, "sk-none-of-ours", keys.ErrUnknown) // which needs no store
		expect(t, strict, known, keys.ErrUnavailable)
		if s.Calls("Key") != before || !d.Stats().Away {
			t.Error("a store that is away is asked for keys")
		}
		time.Sleep(5*time.Minute - 2*time.Second)
		expect(t, d, known, nil)
		time.Sleep(2 * time.Second)
		expect(t, d, known, keys.ErrUnavailable)

		s.Fail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		for _, secret := range []string{known, unseen} {
			expect(t, d, secret, nil)
			expect(t, strict, secret, nil)
		}
		expect(t, d, none, keys.ErrUnknown)
		if want := "[the store of keys is away keystest: the store is away the store of keys is back <nil>]"; fmt.Sprint(notices) != want {
			t.Errorf("%s", notices)
		}
	})
}

// A key that has changed is read anew at once, by the node that changed it and by others, so
// that it goes on, or is refused, as it is now when the store goes away before its next use.
func TestChangedBeforeStoreWentAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		here, elsewhere := open(t, s, keys.DirectoryOptions{}), open(t, s, keys.DirectoryOptions{})
		both := func(secret string, want error) {
			t.Helper()
			expect(t, here, secret, want)
			expect(t, elsewhere, secret, want)
		}
		kept, keptSecret := add(t, s, nil, nil)
		gone, goneSecret := add(t, s, nil, nil)
		late, lateSecret := add(t, s, nil, nil)
		for _, secret := range []string{keptSecret, goneSecret, lateSecret} {
			both(secret, nil)
		}
		time.Sleep(time.Second) // the notices of their creation
		edit(t, s, kept, func(r *keys.Record) { r.Scope.Models = []string{"small"} })
		edit(t, s, gone, revoke)
		here.Invalidate(keys.Change{Key: kept}, keys.Change{Key: gone})
		time.Sleep(time.Second)
		synctest.Wait()
		lookups := s.Calls("Key")
		s.Fail(keystest.ErrAway)
		both(keptSecret, nil)
		both(goneSecret, keys.ErrRevoked)
		if p, err := elsewhere.Find(t.Context(), keptSecret); err != nil || p.May("large") {
			t.Errorf("the key is not as it is now: %v", err)
		}
		if n := s.Calls("Key"); n != lookups {
			t.Errorf("%d look-ups while the store is away", n-lookups)
		}
		// Of a change that could not be read it is not known whether it was a revocation.
		here.Invalidate(keys.Change{Key: late})
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, here, lateSecret, keys.ErrUnavailable)
		expect(t, elsewhere, lateSecret, nil)
		s.Fail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		lookups = s.Calls("Key")
		expect(t, here, lateSecret, nil)
		if n := s.Calls("Key"); n != lookups {
			t.Error("it is read anew by the request that comes first, not when the store is back")
		}
	})
}

// No more keys are read anew at a time than a few, however many a change is about.
func TestManyChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		d := open(t, s, keys.DirectoryOptions{})
		var secrets []string
		for range 300 {
			_, secret := add(t, s, nil, nil)
			secrets = append(secrets, secret)
			expect(t, d, secret, nil)
		}
		time.Sleep(5 * time.Second)
		before := s.Calls("Key")
		d.Invalidate(keys.Change{Tenant: keys.DefaultTenant})
		time.Sleep(5 * time.Second)
		if n := s.Calls("Key") - before; n != 100 {
			t.Errorf("%d keys are read anew", n)
		}
		for _, secret := range secrets {
			expect(t, d, secret, nil)
		}
		if n := s.Calls("Key") - before; n != 300 {
			t.Errorf("%d keys are read", n)
		}
	})
}

func TestStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		d := open(t, s, keys.DirectoryOptions{})
		strict := open(t, s, keys.DirectoryOptions{OnFailure: keys.Deny})
		_, known := add(t, s, nil, nil)
		_, unseen := add(t, s, nil, nil)
		expect(t, d, known, nil)
		expect(t, strict, known, nil)
		s.Hang(true)
		began := time.Now()
		expect(t, d, unseen, keys.ErrUnavailable)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		time.Sleep(4 * time.Second)
		expect(t, d, known, nil)
		expect(t, strict, known, keys.ErrUnavailable)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.Find(ctx, unseen); !errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("who has left: %v", err)
		}
		s.Hang(false)
	})
}

func TestStoreOpensLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		_, secret := add(t, s, nil, nil)
		var mu sync.Mutex
		var opened keys.Store
		d := open(t, s, keys.DirectoryOptions{Store: func() keys.Store { mu.Lock(); defer mu.Unlock(); return opened }})
		expect(t, d, secret, keys.ErrUnavailable)
		mu.Lock()
		opened = s
		mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, d, secret, nil)
	})
}

// Whatever the store forgets of its changes, or if it has none yet, no change is missed.
func TestNoChangeIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		d := open(t, s, keys.DirectoryOptions{})
		id, secret := add(t, s, nil, nil) // the first change that the store has seen
		expect(t, d, secret, nil)
		edit(t, s, id, func(r *keys.Record) { r.Disabled = true })
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, d, secret, keys.ErrDisabled)

		s.Fail(keystest.ErrAway)
		time.Sleep(time.Second)
		synctest.Wait()
		s.Fail(nil)
		edit(t, s, id, func(r *keys.Record) { r.Disabled = false })
		s.Forget()
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, d, secret, nil)

		for range 450 { // more than are told at once
			edit(t, s, id, func(r *keys.Record) { r.Disabled = !r.Disabled })
		}
		edit(t, s, id, revoke)
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, d, secret, keys.ErrRevoked)
	})
}

func TestLastUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		d := open(t, s, keys.DirectoryOptions{})
		id, secret := add(t, s, nil, nil)
		other, unused := add(t, s, nil, func(r *keys.Record) { r.Disabled = true })
		used := func(id string) *time.Time {
			r, err := s.Key(t.Context(), "", id)
			if err != nil {
				t.Fatal(err)
			}
			return r.LastUsed
		}
		for range 25 {
			expect(t, d, secret, nil)
			expect(t, d, unused, keys.ErrDisabled)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := s.Calls("Touch"); n != 2 {
			t.Errorf("%d writes in 25 s", n)
		}
		if at := used(id); at == nil || time.Since(*at) > 10*time.Second || used(other) != nil {
			t.Errorf("last used %v", at)
		}
		s.Fail(keystest.ErrAway)
		expect(t, d, secret, nil)
		last := time.Now()
		time.Sleep(time.Minute)
		s.Fail(nil)
		d.Close()
		if at := used(id); at == nil || !at.Equal(last) {
			t.Errorf("at the end it was last used %v, want %v", at, last)
		}
		expect(t, d, secret, nil) // for requests under way
		if _, fresh := add(t, s, nil, nil); true {
			expect(t, d, fresh, keys.ErrUnavailable)
		}
	})
}

func TestRehashing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		peppers := func(secrets ...string) *keys.Peppers {
			p, err := keys.NewPeppers(secrets)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		first := peppers("the-first-pepper-of-all")
		id, secret := add(t, s, first, nil)
		plain, unpeppered := add(t, s, nil, nil)
		old := "XJP_0123456789012345678901234567890123456789-_x"
		add(t, s, nil, func(r *keys.Record) { r.ID, r.Hash = "imported", keys.HashOf(old) })

		d := open(t, s, keys.DirectoryOptions{Peppers: peppers("the-second-pepper-of-all", "the-first-pepper-of-all")})
		for _, secret := range []string{secret, unpeppered, old} {
			expect(t, d, secret, nil)
		}
		synctest.Wait()
		d.Close()
		if entries, _, _ := s.AuditLog(t.Context(), keys.AuditFilter{}); len(entries) != 0 {
			t.Errorf("the audit tells of %v", entries)
		}
		for _, id := range []string{id, plain, "imported"} {
			if r, _ := s.Key(t.Context(), "", id); r.Version != map[bool]int64{true: 1, false: 2}[id == "imported"] {
				t.Errorf("%s has version %d", id, r.Version)
			}
		}
		alone := open(t, s, keys.DirectoryOptions{Peppers: peppers("the-second-pepper-of-all")})
		for _, secret := range []string{secret, unpeppered, old} {
			expect(t, alone, secret, nil)
		}
		var notice error
		without := open(t, s, keys.DirectoryOptions{Notice: func(_ string, err error) { notice = err }})
		expect(t, without, secret, keys.ErrUnknown)
		if notice == nil {
			t.Error("nobody is told that a pepper is missing")
		}
	})
}

// A change that somebody made while a key was hashed anew stands.
func TestRehashingUndoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keystest.New()
		id, secret := add(t, s, nil, nil)
		p, err := keys.NewPeppers([]string{"the-only-pepper-of-all"})
		if err != nil {
			t.Fatal(err)
		}
		var once atomic.Bool
		s.Before(func(method string) {
			if method == "UpdateKey" && !once.Swap(true) {
				edit(t, s, id, revoke)
			}
		})
		d := open(t, s, keys.DirectoryOptions{Peppers: p})
		expect(t, d, secret, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, d, secret, keys.ErrRevoked)
	})
}

// What is found is what the store says, whatever was changed in which order.
func TestFindFollowsTheStore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := keystest.New("acme")
		d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }, Poll: time.Hour, Capacity: rapid.IntRange(1, 4).Draw(rt, "capacity")})
		defer d.Close()
		want, secrets, ids := map[string]error{}, []string{}, map[string]string{}
		for range rapid.IntRange(1, 4).Draw(rt, "keys") {
			id, secret := add(t, s, nil, func(r *keys.Record) {
				r.Tenant = rapid.SampledFrom([]string{"acme", keys.DefaultTenant}).Draw(rt, "tenant")
			})
			secrets, ids[secret] = append(secrets, secret), id
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			secret := rapid.SampledFrom(secrets).Draw(rt, "key")
			switch rapid.SampledFrom([]string{"find", "find", "disable", "enable", "revoke"}).Draw(rt, "step") {
			case "find":
				if _, err := d.Find(t.Context(), secret); !errors.Is(err, want[secret]) {
					rt.Fatalf("%v, want %v", err, want[secret])
				}
				continue
			case "disable":
				edit(t, s, ids[secret], func(r *keys.Record) { r.Disabled = true })
				if want[secret] == nil {
					want[secret] = keys.ErrDisabled
				}
			case "enable":
				edit(t, s, ids[secret], func(r *keys.Record) { r.Disabled = false })
				if want[secret] == keys.ErrDisabled {
					want[secret] = nil
				}
			case "revoke":
				edit(t, s, ids[secret], revoke)
				want[secret] = keys.ErrRevoked
			}
			d.Invalidate(keys.Change{Key: ids[secret]})
		}
	})
}

// Once a revocation is known on a node, no request that begins there afterwards passes.
func TestRevocationRace(t *testing.T) {
	s := keystest.New()
	d := keys.NewDirectory(keys.DirectoryOptions{Store: func() keys.Store { return s }, Poll: time.Millisecond})
	defer d.Close()
	for range 50 {
		id, secret := add(t, s, nil, nil)
		revoked := make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 200 {
					over := false
					select {
					case <-revoked:
						over = true
					default:
					}
					if _, err := d.Find(t.Context(), secret); over && err == nil {
						t.Error("a revoked key passes")
						return
					}
				}
			})
		}
		edit(t, s, id, revoke)
		d.Invalidate(keys.Change{Key: id})
		close(revoked)
		wg.Wait()
	}
}
