//go:build !unix

package bench

import "time"

// processorTime is not known here; the benchmarks report zero.
func processorTime() time.Duration { return 0 }
