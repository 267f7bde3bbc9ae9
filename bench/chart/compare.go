package main

import (
	"fmt"
	"io"
)

// section is what was found for the goals under one title.
type section struct {
	title   string
	results []result
}

// result is one comparison that was made.
type result struct {
	goal
	value, their float64 // medians
	ratio        float64 // how many times better Limpet is
	rounds       int
}

// met reports whether the target was reached; a result without one has none to miss.
func (r result) met() bool { return r.ratio >= r.target }

// compare leaves out what was not measured.
func compare(m measurements) []section {
	var all []section
	for _, group := range goals {
		s := section{title: group.title}
		for _, g := range group.goals {
			if r, ok := m.result(g); ok {
				s.results = append(s.results, r)
			}
		}
		if len(s.results) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func (m measurements) result(g goal) (result, bool) {
	if g.ours == "" {
		g.ours = "limpet"
	}
	r := result{goal: g}
	r.value, r.rounds = m.median(g.bench+"/impl="+g.ours, g.unit)
	r.their, _ = m.median(g.bench+"/impl="+g.theirs, g.unit)
	if r.value <= 0 || r.their <= 0 {
		return r, false
	}
	if r.ratio = r.value / r.their; less[g.unit] {
		r.ratio = r.their / r.value
	}
	return r, true
}

// printTables writes Markdown.
func printTables(w io.Writer, sections []section) {
	for _, s := range sections {
		fmt.Fprintf(w, "### %s\n\n| | beside | Limpet | the other | ratio | target | verdict |\n| --- | --- | --- | --- | --- | --- | --- |\n", s.title)
		for _, r := range s.results {
			target, verdict := "–", ""
			if r.target > 0 {
				target, verdict = times(r.target), "missed"
				if r.met() {
					verdict = "met"
				}
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", r.label, r.theirs,
				amount(r.value, r.unit), amount(r.their, r.unit), times(r.ratio), target, verdict)
		}
		fmt.Fprintln(w)
	}
}

// times words a ratio.
func times(ratio float64) string {
	switch {
	case ratio < 2:
		return fmt.Sprintf("%.2fx", ratio)
	case ratio < 10:
		return fmt.Sprintf("%.1fx", ratio)
	}
	return fmt.Sprintf("%.0fx", ratio)
}

// amount words a value: rates in thousands a second, times in micro- or milliseconds.
func amount(value float64, unit string) string {
	switch {
	case unit == "extra-MB":
		return fmt.Sprintf("%.1f MB", value)
	case !less[unit]:
		return fmt.Sprintf("%.1fk/s", value/1e3)
	case value < 1e6:
		return fmt.Sprintf("%.0f µs", value/1e3)
	}
	return fmt.Sprintf("%.1f ms", value/1e6)
}
