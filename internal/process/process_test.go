package process

import "testing"

// TestNumber: a number is found where it stands, and its absence is told.
func TestNumber(t *testing.T) {
	const profile = "# HeapAlloc = 12345\n# Stack = 678 / 901\n"
	for pattern, want := range map[string]int64{`# HeapAlloc = (\d+)`: 12345, `# Stack = (\d+)`: 678} {
		if got, err := number(profile, pattern); got != want || err != nil {
			t.Errorf("%s: %d, %v", pattern, got, err)
		}
	}
	if _, err := number(profile, `# HeapIdle = (\d+)`); err == nil {
		t.Error("a number that is not there is found")
	}
}

// TestFreePorts: all addresses are different.
func TestFreePorts(t *testing.T) {
	list, err := FreePorts(20)
	seen := map[string]bool{}
	for _, address := range list {
		seen[address] = true
	}
	if err != nil || len(seen) != 20 {
		t.Errorf("%d different addresses of %v, %v", len(seen), list, err)
	}
}
