package session

import (
	"math/rand"
	"testing"
)

func TestTheKeepaliveWheelGivesBackWhatIsDue(t *testing.T) {
	const every = 12800 // slots of 100
	r := rand.New(rand.NewSource(1))
	k := newKeepalives(every)
	conns := make([]connection, 50)
	due := map[*connection]int64{}
	var now int64
	for range 50_000 {
		c := &conns[r.Intn(len(conns))]
		c.keep.Owner = c
		switch r.Intn(4) {
		case 0:
			k.Remove(&c.keep)
			delete(due, c)
		case 1:
			due[c] = now + r.Int63n(every)
			k.at(&c.keep, due[c])
		case 2:
			k.Push(&c.keep, now+every)
			due[c] = c.keep.Due()
			if d := due[c]; d > now+every || d < now+every/2-2*k.width {
				t.Fatalf("at %d, of %d to %d", d, now+every/2, now+every)
			}
		}
		if r.Intn(5) == 0 {
			now += r.Int63n(every / 10)
		}
		if r.Intn(500) == 0 {
			now += 5 * every // the machine was busy
		}
		for n := k.pop(now); n != nil; n = k.pop(now) {
			if d, ok := due[n.Owner]; !ok || n.Due() > d || n.Due() < d-k.width || n.Due() > now {
				t.Fatalf("%d came out at %d, due %d (%v)", n.Due(), now, d, ok)
			}
			delete(due, n.Owner)
		}
		for c, d := range due {
			if d+k.width <= now || !c.keep.Queued() {
				t.Fatalf("one due at %d was left at %d", d, now)
			}
		}
		if k.n != len(due) {
			t.Fatalf("%d of %d", k.n, len(due))
		}
	}
}
