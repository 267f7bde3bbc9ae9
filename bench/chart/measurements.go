package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// measurements are the values of each unit of each benchmark, one for every round.
type measurements map[string]map[string][]float64

func (m measurements) readFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return m.read(f)
}

// processors is how the testing package ends a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

// read takes lines such as "BenchmarkX/impl=plain-2  1  12.5 ops/s  7 p99-ns", and skips all others.
func (m measurements) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || len(fields)%2 != 0 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		for i := 2; i < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			m.add(name, fields[i+1], value)
		}
	}
	return lines.Err()
}

func (m measurements) add(name, unit string, value float64) {
	if m[name] == nil {
		m[name] = map[string][]float64{}
	}
	m[name][unit] = append(m[name][unit], value)
}

// median returns the median of a benchmark's values of a unit, and how many there are.
func (m measurements) median(name, unit string) (value float64, rounds int) {
	values := slices.Sorted(slices.Values(m[name][unit]))
	n := len(values)
	switch {
	case n == 0:
		return 0, 0
	case n%2 == 1:
		return values[n/2], n
	}
	return (values[n/2-1] + values[n/2]) / 2, n
}
