package registry

import (
	"maps"
	"slices"
	"testing"
)

// TestStatesAreLookedAt checks that looking at states makes none and gives the same ones.
func TestStatesAreLookedAt(t *testing.T) {
	var s States
	if s.Find("a") != nil {
		t.Error("a state is there that nobody asked for")
	}
	a, b := s.Get("a"), s.Get("b")
	if s.Find("a") != a || s.Find("b") != b || s.Find("c") != nil {
		t.Error("other states are found than those that were given")
	}
	seen := map[string]*State{}
	s.Each(func(name string, state *State) { seen[name] = state })
	if !slices.Equal(slices.Sorted(maps.Keys(seen)), []string{"a", "b"}) || seen["a"] != a || seen["b"] != b {
		t.Errorf("each is %v", seen)
	}
}
