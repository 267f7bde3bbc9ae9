package supervisor

import "time"

const (
	// immediate is how many deaths in a row are answered at once.
	immediate = 3

	firstPause = 100 * time.Millisecond
	longest    = 2 * time.Second

	// steady is how long a node must have served for its next death to count as the first.
	steady = 2 * time.Second
)

// pause is how long to wait before the restart after a number of deaths in a row, none of which came after steady
// service: nothing the first times, then twice as long each time up to a limit.
func pause(deaths int) time.Duration {
	if deaths <= immediate {
		return 0
	}
	p := firstPause
	for range deaths - immediate - 1 {
		if p *= 2; p >= longest {
			return longest
		}
	}
	return p
}
