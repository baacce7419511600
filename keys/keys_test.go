package keys

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMay(t *testing.T) {
	for _, test := range []struct {
		name   string
		models []string
		ask    string
		want   bool
	}{
		{"no list is all", nil, "anything", true},
		{"an empty list is all", []string{}, "anything", true},
		{"by name", []string{"a", "b"}, "b", true},
		{"not by a part of a name", []string{"gemini"}, "gemini-pro", false},
		{"names are spelled as they are", []string{"a"}, "A", false},
		{"by pattern", []string{"gemini-*"}, "gemini-pro", true},
		{"a pattern may match nothing", []string{"gemini-*"}, "gemini-", true},
		{"a star in the middle", []string{"g*-pro"}, "gemini-pro", true},
		{"the two ends may not overlap", []string{"ab*ba"}, "aba", false},
		{"a star alone is all", []string{"*"}, "x/y", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (&Principal{Scope: Scope{Models: test.models}}).May(test.ask); got != test.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestRing(t *testing.T) {
	one, two := &Principal{ID: "one"}, &Principal{ID: "two"}
	first, second := StaticKey{HashOf("XJP_test_one"), one}, StaticKey{HashOf("XJP_test_two"), two}
	r, err := NewRing([]StaticKey{first, second})
	if err != nil || r.Len() != 2 {
		t.Fatal(err)
	}
	for secret, want := range map[string]*Principal{
		"XJP_test_one": one, "XJP_test_two": two, "XJP_test_on": nil, "XJP_test_onee": nil, "xjp_test_one": nil, "": nil, " XJP_test_one": nil,
		fmt.Sprintf("%x", first.Hash): nil, string(first.Hash[:]): nil, // who has stolen the hash has no key
	} {
		if got := r.Find(secret); got != want {
			t.Errorf("%q found %+v", secret, got)
		}
	}
	for id, want := range map[string]*Principal{"one": one, "two": two, "three": nil, "": nil, "XJP_test_one": nil} {
		if got := r.ByID(id); got != want {
			t.Errorf("the id %q found %+v", id, got)
		}
	}
	for _, test := range []struct {
		name string
		list []StaticKey
		want string
	}{
		{"an id twice", []StaticKey{first, {HashOf("x"), &Principal{ID: "one"}}}, `the key id "one" is used twice`},
		{"a secret twice", []StaticKey{first, {first.Hash, &Principal{ID: "other"}}}, `the keys "one" and "other" are the same`},
	} {
		if _, err := NewRing(test.list); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if printed := fmt.Sprintf("%+v %#v", first, one); strings.Contains(printed, "XJP_test") {
		t.Error("a key tells its secret")
	}
}

func TestParseHash(t *testing.T) {
	want := HashOf("XJP_test_key")
	for _, text := range []string{fmt.Sprintf("%x", want), fmt.Sprintf("%X", want)} {
		if got, err := ParseHash(text); err != nil || got != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "ab", strings.Repeat("0", 63), strings.Repeat("0", 65), strings.Repeat("g", 64)} {
		if _, err := ParseHash(text); err == nil {
			t.Errorf("%q is a hash", text)
		}
	}
}

func TestBrake(t *testing.T) {
	start := time.Unix(1000, 0)
	addr := netip.MustParseAddr
	t.Run("a burst is free, then the address waits until its window is over", func(t *testing.T) {
		b := NewBrake(3, time.Minute, 10)
		a := addr("192.0.2.1")
		for i := range 3 {
			if wait := b.Wait(a, start); wait != 0 {
				t.Fatalf("waits %v after %d", wait, i)
			}
			b.Fail(a, strconv.Itoa(i), start.Add(time.Duration(i)*time.Second))
		}
		for after, want := range map[time.Duration]time.Duration{2 * time.Second: 58 * time.Second, 59 * time.Second: time.Second, time.Minute: 0, time.Hour: 0} {
			if wait := b.Wait(a, start.Add(after)); wait != want {
				t.Errorf("after %v waits %v, want %v", after, wait, want)
			}
		}
		if wait := b.Wait(addr("192.0.2.2"), start); wait != 0 {
			t.Errorf("a neighbour waits %v", wait)
		}
		b.Fail(a, "0", start.Add(2*time.Minute)) // a new window, with a new burst
		if wait := b.Wait(a, start.Add(2*time.Minute)); wait != 0 {
			t.Errorf("waits %v in the new window", wait)
		}
	})
	t.Run("the same wrong key again is no further guess", func(t *testing.T) {
		b := NewBrake(3, time.Minute, 10)
		a := addr("192.0.2.1")
		for i := range 100 {
			b.Fail(a, strconv.Itoa(i%2), start)
		}
		if wait := b.Wait(a, start); wait != 0 {
			t.Errorf("waits %v after two keys", wait)
		}
		b.Fail(a, "2", start)
		if wait := b.Wait(a, start); wait != time.Minute {
			t.Errorf("waits %v after three keys", wait)
		}
	})
	t.Run("an address is the same in all its spellings, and IPv6 counts by its network", func(t *testing.T) {
		for _, test := range []struct {
			fails, asks string
			same        bool
		}{
			{"192.0.2.1", "::ffff:192.0.2.1", true}, {"2001:db8::1", "2001:db8::ffff:1", true}, {"2001:db8::1", "2001:db8:0:1::1", false},
			{"fe80::1%eth0", "fe80::2%eth1", true}, {"192.0.2.1", "192.0.2.2", false},
		} {
			b := NewBrake(1, time.Minute, 10)
			b.Fail(addr(test.fails), "a", start)
			if got := b.Wait(addr(test.asks), start) > 0; got != test.same {
				t.Errorf("%+v: %v", test, got)
			}
		}
		b := NewBrake(1, time.Minute, 10)
		b.Fail(netip.Addr{}, "a", start) // an address that is not known is one of its own
		if b.Wait(netip.Addr{}, start) == 0 || b.Wait(addr("192.0.2.1"), start) != 0 {
			t.Error("an unknown address")
		}
	})
	t.Run("what is remembered is bounded, and who is seen stays", func(t *testing.T) {
		b := NewBrake(2, time.Hour, 100)
		loud := addr("192.0.2.1")
		b.Fail(loud, "a", start)
		for i := range 10_000 {
			b.Fail(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}), "a", start)
			if i%50 == 0 {
				b.Fail(loud, strconv.Itoa(i), start)
			}
			if len(b.seen) > 100 || b.order.Len() != len(b.seen) {
				t.Fatalf("%d and %d are remembered", len(b.seen), b.order.Len())
			}
		}
		if b.Wait(loud, start) == 0 {
			t.Error("the one that went on is forgotten")
		}
	})
	t.Run("many at once", func(t *testing.T) {
		b := NewBrake(100, time.Hour, 1000)
		a := addr("192.0.2.1")
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for i := range 50 {
					b.Fail(a, strconv.Itoa(worker*10+i), start)
					b.Wait(a, start)
				}
			})
		}
		wg.Wait()
		if n := len(b.seen[a].Value.(*record).tried); n != 100 {
			t.Errorf("%d of 120 different keys are remembered", n)
		}
	})
}
