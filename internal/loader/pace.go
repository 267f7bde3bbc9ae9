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
// come back when those who wait, and those who were sent away before it, have had their turn.
func (l *Loader) refuse(g *group, retry *int64) error {
	l.stats.Refused++
	atOnce := float64(min(l.cfg.MaxCalls, max(1, l.calls))) * float64(l.mostLoads())
	atOnce = min(atOnce, float64(l.cfg.MaxWaiting)) // more do not come together
	rounds := 1 + float64(l.waiting)/atOnce
	if retry == &g.retry {
		atOnce = min(atOnce, float64(g.window))
		rounds = max(rounds, 1+float64(g.waiting)/atOnce)
	}
	now, each := l.now(), l.perCall()
	at := min(max(*retry, now+nanos(rounds*each)), now+int64(maxRetry))
	*retry = at + nanos(each/atOnce)
	return &OverloadedError{RetryAfter: max(minRetry, time.Duration(at-now))}
}

func nanos(f float64) int64 { return int64(min(f, math.MaxInt64/4)) }
