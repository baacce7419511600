package estimate_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/rickyjim626/xjp-gateway/estimate"
)

func TestCalibration(t *testing.T) {
	c := estimate.NewCalibration(10)
	if got := c.Apply("m", 12345); got != 12345 {
		t.Errorf("unknown: %d", got)
	}
	for range 200 {
		c.Observe("m", 1000, 1500)
	}
	if got := c.Apply("m", 2000); got < 3000 || got > 3100 {
		t.Errorf("a model with half as many tokens again: %d", got)
	}
	if got := c.Apply("other", 2000); got != 2000 {
		t.Errorf("another: %d", got)
	}
	for range 400 {
		c.Observe("m", 1000, 800)
	}
	if got := c.Apply("m", 1000); got < 800 || got > 840 {
		t.Errorf("with fewer: %d", got)
	}
}

// Whatever providers tell, estimates stay within bounds, and what varies is rather counted
// too high than too low.
func TestCalibrationLeansHigh(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := estimate.NewCalibration(1)
		low, high := rapid.Int64Range(400, 900).Draw(t, "low"), rapid.Int64Range(1000, 2000).Draw(t, "high")
		for range 300 {
			c.Observe("m", 1000, low)
			c.Observe("m", 1000, high)
		}
		if got := c.Apply("m", 1000); got < (low+high)/2 || got > high+21 {
			t.Fatalf("between %d and %d: %d", low, high, got)
		}
		c.Observe("m", rapid.Int64Range(-5, math.MaxInt64).Draw(t, "estimated"), rapid.Int64Range(-5, math.MaxInt64).Draw(t, "actual"))
		if f := c.Factor("m"); f < 250 || f > 4020 {
			t.Fatalf("the factor is %d", f)
		}
	})
}

func TestCalibrationIsBounded(t *testing.T) {
	c := estimate.NewCalibration(3)
	for i := range 10 {
		for range 50 {
			c.Observe(fmt.Sprint(i), 1000, 2000)
		}
	}
	for i := range 10 {
		if known := c.Factor(fmt.Sprint(i)) > 1500; known != (i < 3) {
			t.Errorf("model %d is known: %v", i, known)
		}
	}
	c.Observe("0", 20, 5000) // a short prompt says nothing
	if f := c.Factor("0"); f > 2020 {
		t.Errorf("the factor is %d", f)
	}
}
