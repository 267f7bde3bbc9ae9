package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// A lapse is between which instants a session has to expire.
type lapse struct {
	earliest, latest time.Time
}

// slack is how far an expiry may be off.
func (k *kit) slack() time.Duration {
	if k.opts.VirtualTime {
		return time.Millisecond
	}
	return 5 * time.Millisecond // truncation on both sides, and clocks that drift
}

// soon returns an expiry in the middle of a second less than a second ahead, so that rounding to seconds shows.
func soon() time.Time {
	t := time.Now().Add(300 * time.Millisecond)
	if part := t.Nanosecond(); part < 250e6 || part > 750e6 {
		t = t.Add(500 * time.Millisecond)
	}
	return t
}

// expiring calls write with an expiry close ahead. The store turns it into a remaining duration at some instant of
// the call, and counts it from another: the session may expire later by what the call took.
func (k *kit) expiring(write func(expiresAt time.Time)) lapse {
	expiresAt, start := soon(), time.Now()
	write(expiresAt)
	took := time.Since(start)
	return lapse{expiresAt.Add(-k.slack()), expiresAt.Add(took + k.slack())}
}

// expires checks that the session is there until it expires, and is missing from then on.
func (s *subject) expires(t testing.TB, id string, l lapse) {
	t.Helper()
	for {
		before := time.Now()
		data := s.load(t, id)
		after := time.Now()
		if data == nil {
			if after.Before(l.earliest) {
				t.Fatalf("a session is missing %v before it expires", l.earliest.Sub(after))
			}
			return
		}
		if before.After(l.latest) {
			t.Fatalf("a session is there %v after it expired", before.Sub(l.latest))
		}
		pause(time.Millisecond)
	}
}

// outlives checks that the session is still there once the lapse is over.
func (s *subject) outlives(t testing.TB, id string, want []byte, l lapse) {
	t.Helper()
	until(l.latest.Add(s.kit.slack()))
	s.holds(t, id, want)
}

// until waits for an instant.
func until(instant time.Time) { pause(time.Until(instant)) }

func pause(d time.Duration) { <-time.After(d) }

// together calls f n times at once and joins the errors. f must not end the test.
func together(n int, f func(i int) error) error {
	start := make(chan struct{})
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}
