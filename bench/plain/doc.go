// Package plain holds the implementations that most people would write first. Benchmarks measure Limpet beside
// them; nothing else should use them, since their weaknesses are the point.
package plain
