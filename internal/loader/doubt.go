package loader

import "time"

// Loads of doubted groups are paced. As fast as the store answers, one after another, a flood of them would keep it, and
// this process, as busy as many who are wanted.
const (
	doubtedEvery = 100 * time.Millisecond // for mostAlone of them
	mostAlong    = 8                      // of them in a call for others,
	mostAlone    = 64                     // and in one for them
)

// forDoubted is how many loads of doubted groups the next call may have, and how many of a group before it is another's
// turn: a few along with others, and more when it is made for them. That is when no other call is under way or, where
// calls are for one load each, no other one for them.
func (l *Loader) forDoubted(most int) (loads, each int) {
	others, groups := l.turns.Len() > 0, l.doubted.Len()
	switch {
	case groups == 0:
	case others && most > 1:
		loads, each = min(mostAlong, most/2, groups), 1
	case others && l.cfg.MaxCalls == 1, l.dubious > 0, l.calls > 0 && most > 1:
	default:
		loads = min(mostAlone, most)
		each = max(1, loads/groups)
	}
	if loads > 0 && l.onTime(loads) {
		return loads, each
	}
	return 0, 0
}

// onTime reports whether so many loads of doubted groups may begin, and then notes it. Before their time, a timer will
// try again.
func (l *Loader) onTime(loads int) bool {
	now := l.now()
	if now >= l.resume {
		l.resume = now + int64(pauseOf(loads))
		return true
	}
	if !l.wakes {
		l.wakes = true
		time.AfterFunc(time.Duration(l.resume-now), l.wake)
	}
	return false
}

// pauseOf is how long no load of a doubted group begins after so many of them.
func pauseOf(loads int) time.Duration {
	return doubtedEvery * time.Duration(loads) / mostAlone
}

func (l *Loader) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakes = false
	l.kick()
}
