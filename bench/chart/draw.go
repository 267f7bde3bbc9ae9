package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// The chart's measures, in pixels.
const (
	width     = 860
	labels    = 330 // where bars may begin
	bars      = 460 // from the least ratio to the most
	rowHeight = 20
	titleRow  = 34
	top       = 92
	bottom    = 34
)

// least and most are the ratios at the ends of the logarithmic scale.
const (
	least = 0.125
	most  = 32
)

const style = `
svg { background: #ffffff }
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.h { font-size: 15px; font-weight: 600 } .s { font-size: 13px; font-weight: 600 } .m { fill: #59636e }
.v { font-size: 11px } .met { fill: #1a7f37 } .missed { fill: #bc4c00 } .none { fill: #6e7781 }
.grid { stroke: #d1d9e0 } .one { stroke: #59636e } .target { stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } text { fill: #f0f6fc } .m { fill: #9198a1 }
.met { fill: #3fb950 } .missed { fill: #f0883e } .none { fill: #8b949e }
.grid { stroke: #30363d } .one { stroke: #9198a1 } .target { stroke: #f0f6fc }
}`

// draw makes an SVG of one bar for each result.
func draw(sections []section) []byte {
	var b bytes.Buffer
	height := top + bottom
	for _, s := range sections {
		height += titleRow + rowHeight*len(s.results)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="Limpet beside its contenders">`+"\n<style>%s\n</style>\n",
		width, height, width, height, style)
	heading(&b, sections)
	scale(&b, height)
	y := top
	for _, s := range sections {
		write(&b, 16, y+22, "s", s.title)
		y += titleRow
		for _, r := range s.results {
			row(&b, y, r)
			y += rowHeight
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func heading(b *bytes.Buffer, sections []section) {
	fewest, largest := math.MaxInt, 0
	for _, s := range sections {
		for _, r := range s.results {
			fewest, largest = min(fewest, r.rounds), max(largest, r.rounds)
		}
	}
	rounds := fmt.Sprint(fewest)
	if largest > fewest {
		rounds = fmt.Sprintf("%d to %d", fewest, largest)
	}
	write(b, 16, 26, "h", "How many times better Limpet is than each contender")
	write(b, 16, 46, "m", "One run: in each round all contenders take turns in one process; ratios of the medians of "+rounds+" rounds.")
	write(b, 16, 63, "m", "Sessions of 2 KiB, through the Manager unless it says otherwise; servers on the same two cores. Logarithmic scale.")
	fmt.Fprintf(b, `<path class="target" d="M%d 72v12"/>`+"\n", labels)
	write(b, labels+8, 83, "m", "target")
	for i, c := range []string{"met", "missed", "none"} {
		x := labels + 70 + 90*i
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="73" width="12" height="11" rx="2"/>`+"\n", c, x)
		write(b, x+18, 83, "m", []string{"met", "missed", "no target"}[i])
	}
}

func scale(b *bytes.Buffer, height int) {
	for ratio := least; ratio <= most; ratio *= 2 {
		class := "grid"
		if ratio == 1 {
			class = "one"
		}
		fmt.Fprintf(b, `<path class="%s" d="M%.1f %dV%d"/>`+"\n", class, at(ratio), top, height-bottom)
		fmt.Fprintf(b, `<text class="m v" text-anchor="middle" x="%.1f" y="%d">%gx</text>`+"\n", at(ratio), height-bottom+16, ratio)
	}
}

// row draws a bar from 1 to the ratio, to the left when Limpet is worse.
func row(b *bytes.Buffer, y int, r result) {
	class := "none"
	if r.target > 0 {
		class = "missed"
		if r.met() {
			class = "met"
		}
	}
	from, to := at(1), at(r.ratio)
	write(b, 16, y+14, "", r.label)
	fmt.Fprintf(b, `<text class="m" text-anchor="end" x="%d" y="%d">%s</text>`+"\n", labels-12, y+14, html.EscapeString(r.theirs))
	fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="12" rx="2"/>`+"\n", class, min(from, to), y+4, max(1, math.Abs(to-from)))
	if r.target > 0 {
		fmt.Fprintf(b, `<path class="target" d="M%.1f %dv16"/>`+"\n", at(r.target), y+2)
	}
	fmt.Fprintf(b, `<text class="v" x="%.1f" y="%d">%s</text>`+"\n", max(from, to, at(max(r.target, least)))+6, y+14, times(r.ratio))
}

// at is where a ratio is on the scale.
func at(ratio float64) float64 {
	ratio = min(max(ratio, least), most)
	return labels + bars*math.Log2(ratio/least)/math.Log2(most/least)
}

func write(b *bytes.Buffer, x, y int, class, text string) {
	fmt.Fprintf(b, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(text))
}
