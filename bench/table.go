package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	Scenario string  `json:"scenario"`
	Subject  string  `json:"subject"`
	Unit     string  `json:"unit"`
	Value    float64 `json:"value"`
	Baseline float64 `json:"baseline"`
	// Ratio is the multiple of reverse_proxy; for latency it is the difference.
	Ratio float64 `json:"ratio"`
	Goal  float64 `json:"goal,omitempty"`
	Most  float64 `json:"most,omitempty"`
}

// verdict is whether a row reaches its goal.
func (r row) verdict() string {
	switch {
	case r.Goal == 0:
		return ""
	case math.IsNaN(r.Ratio) || r.Most > 0 && r.Ratio > r.Most:
		return "too much"
	case r.Ratio > r.Goal:
		return "above the goal"
	}
	return "reached"
}

// tooMuch reports whether -check must fail.
func (r row) tooMuch() bool { return r.verdict() == "too much" }

// costRows are the rows of a scenario.
func costRows(s *scenario, found costs, among []subject) []row {
	unit := "µs a request"
	if s.paced() {
		unit = "µs a chunk"
	}
	var rows []row
	for _, sub := range among {
		if !sub.judged(among) {
			continue
		}
		g := goalOf(s, sub)
		rows = append(rows, row{
			Scenario: s.name, Subject: sub.String(), Unit: unit,
			Value: micros(median(found[sub])), Baseline: micros(median(found[sub.baseline()])),
			Ratio: found.ratio(sub), Goal: g.aim, Most: g.most,
		})
	}
	return rows
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// memoryRows are the rows of the memory that open streams hold.
func memoryRows(streams int, found map[subject]footprint) []row {
	var rows []row
	for _, part := range []struct {
		name string
		of   func(footprint) int64
		goal goal
	}{
		{"resident", func(f footprint) int64 { return f.resident }, memoryGoal},
		{"in use", func(f footprint) int64 { return f.inUse }, memoryGoal},
	} {
		for _, sub := range subjects {
			if sub.proxy {
				continue
			}
			own, base := float64(part.of(found[sub]))/1024, float64(part.of(found[sub.baseline()]))/1024
			rows = append(rows, row{
				Scenario: fmt.Sprintf("memory %s, %d open streams", part.name, streams), Subject: sub.String(), Unit: "KB a stream",
				Value: own, Baseline: base, Ratio: own / base, Goal: part.goal.aim, Most: part.goal.most,
			})
		}
	}
	return rows
}

// latencyRows are the rows of the time that an answer takes longer.
func latencyRows(medians map[subject]time.Duration) []row {
	var rows []row
	for _, sub := range subjects {
		if sub.proxy {
			continue
		}
		own, base := micros(medians[sub])/1e3, micros(medians[sub.baseline()])/1e3
		rows = append(rows, row{
			Scenario: "added latency, one client, small, p50", Subject: sub.String(), Unit: "ms",
			Value: own, Baseline: base, Ratio: own - base, Goal: latencyAim,
		})
	}
	return rows
}

// writeMarkdown writes the rows as a table that a terminal shows well, too. baseline names
// what they are compared with.
func writeMarkdown(w io.Writer, rows []row, baseline string) {
	cells := [][]string{{"scenario", "way", baseline, "gateway", "unit", "ratio", "goal", "at most", ""}}
	last := ""
	for _, r := range rows {
		name := r.Scenario
		if name == last {
			name = ""
		}
		last = r.Scenario
		cells = append(cells, []string{name, r.Subject, figure(r.Baseline), figure(r.Value), r.Unit, r.ratio(), bound(r.Goal), bound(r.Most), r.verdict()})
	}
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, line := range cells {
		writeLine(w, line, widths, " ")
		if n == 0 {
			writeLine(w, make([]string, len(line)), widths, "-")
		}
	}
}

func writeLine(w io.Writer, line []string, widths []int, fill string) {
	for i, cell := range line {
		fmt.Fprintf(w, "|%s%s%s%s", fill, cell, strings.Repeat(fill, widths[i]-len([]rune(cell))), fill)
	}
	fmt.Fprintln(w, "|")
}

func (r row) ratio() string {
	if r.Unit == "ms" {
		return fmt.Sprintf("%+.3f ms", r.Ratio)
	}
	return fmt.Sprintf("%.2f", r.Ratio)
}

// figure writes a number with three digits that count.
func figure(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func bound(f float64) string {
	if f == 0 {
		return ""
	}
	return fmt.Sprintf("%.4g", f)
}

// writeJSON writes the rows for other programs.
func writeJSON(w io.Writer, rows []row) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(rows)
}
