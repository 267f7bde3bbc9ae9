package loader

import (
	"math"
	"time"
)

const (
	minRetry = 100 * time.Millisecond
	maxRetry = 30 * time.Second
)

// pace is how fast the store has answered lately: sums over calls, in which each call counts for an eighth less than
// the one after it.
type pace struct {
	took, calls  float64 // nanoseconds, and of how many calls
	bytes, found float64 // in how many values
}

func (p *pace) note(took int64, results []Result) {
	for _, sum := range []*float64{&p.took, &p.calls, &p.bytes, &p.found} {
		*sum *= 7.0 / 8
	}
	p.took += float64(took)
	p.calls++
	for _, r := range results {
		if r.Data != nil {
			p.bytes += float64(len(r.Data))
			p.found++
		}
	}
}

// mostLoads is how many loads the next call may have.
func (l *Loader) mostLoads() int {
	if l.pace.bytes == 0 {
		return l.cfg.BatchSize
	}
	fit := float64(l.cfg.BatchBytes) * l.pace.found / l.pace.bytes
	return int(max(1, min(float64(l.cfg.BatchSize), fit)))
}

// perCall is how long a call takes, in nanoseconds. While the store hangs it grows by the calls under way.
func (l *Loader) perCall() float64 {
	under := float64(l.calls)*float64(l.now()) - l.begun
	return max(l.pace.took/max(1, l.pace.calls), (l.pace.took+under)/max(1, l.pace.calls+float64(l.calls)))
}

// refuse sends a caller of a group away, for the reason that retry stands for: its group's, or that of all. It is told to
// come back when half of those who wait will have had their turn, and those who were sent away before it come back half
// as fast again as the store answers: it must not run out of loads while there are callers away. Its pace is a guess, and
// whoever passes the time on adds to it. Who comes too early is sent away again.
func (l *Loader) refuse(g *group, retry *int64) error {
	l.stats.Refused++
	atOnce := float64(min(l.cfg.MaxCalls, max(1, l.calls))) * float64(l.mostLoads())
	atOnce = min(atOnce, float64(l.cfg.MaxWaiting)) // more do not come together
	rounds := 1 + float64(l.waiting)/2/atOnce
	now, each := l.now(), l.perCall()
	switch {
	case retry == &g.retry && g.doubted():
		loads := min(mostAlone, l.mostLoads())
		atOnce, each = float64(loads), max(each, float64(pauseOf(loads)))
		rounds = 1 + float64(g.waiting)/2/atOnce
	case retry == &g.retry:
		atOnce = min(atOnce, float64(g.window))
		rounds = max(rounds, 1+float64(g.waiting)/2/atOnce)
	}
	at := min(max(*retry, now+nanos(rounds*each)), now+int64(maxRetry))
	*retry = at + nanos(each/atOnce*2/3)
	return &OverloadedError{RetryAfter: max(minRetry, time.Duration(at-now))}
}

func nanos(f float64) int64 { return int64(min(f, math.MaxInt64/4)) }
