package session

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestMemoryUsersAgainstModel makes random changes to an index and to a plain map, and compares them.
func TestMemoryUsersAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var u memoryUsers
	model := map[string]string{}
	for range 50_000 {
		id, user := fmt.Sprint("s", rng.IntN(500)), fmt.Sprint("u", rng.IntN(40))
		switch rng.IntN(3) {
		case 0, 1:
			u.set(id, user, time.Duration(rng.IntN(1000)))
			model[id] = user
		case 2:
			u.set(id, "", 0)
			delete(model, id)
		}
	}
	byUser := map[string][]string{}
	for id, user := range model {
		byUser[user] = append(byUser[user], id)
	}
	if len(u.owners) != len(model) || len(u.users) != len(byUser) || u.expiry.Len() != len(model) {
		t.Fatalf("%d entries of %d users, %d queued; want %d of %d", len(u.owners), len(u.users), u.expiry.Len(), len(model), len(byUser))
	}
	for user, want := range byUser {
		var got []string
		for below := -1; below != 0; {
			got, below = u.list(got, user, below)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("user %s has %v; want %v", user, got, want)
		}
	}
	for id := range model {
		u.set(id, "", 0)
	}
	if u.owners != nil || u.users != nil || u.expiry.Len() != 0 {
		t.Errorf("an empty index holds on to its memory")
	}
}

// A listing sees every session that the user has throughout, whatever goes while it has no lock.
func TestMemoryUsersListWhileOthersGo(t *testing.T) {
	var u memoryUsers
	for i := range 1000 {
		u.set(fmt.Sprint(i), "ann", 0)
	}
	seen := map[string]int{}
	for below, gone := -1, 0; below != 0; gone += 30 {
		var some []string
		some, below = u.list(nil, "ann", below)
		if len(some) > memoryStep {
			t.Fatalf("one step lists %d sessions; want %d at most", len(some), memoryStep)
		}
		for _, id := range some {
			seen[id]++
		}
		for i := gone; i < gone+30; i++ {
			u.set(fmt.Sprint(i), "", 0)
			u.set(fmt.Sprint("new", i), "ann", 0)
		}
	}
	for i := 600; i < 1000; i++ {
		if seen[fmt.Sprint(i)] == 0 {
			t.Fatalf("session %d of the user is not listed", i)
		}
	}
}

func newSilentMemory(t *testing.T) *MemoryStore {
	m := NewMemoryStore(WithCleanupInterval(-1))
	t.Cleanup(func() { _ = m.Close() }) // always nil
	return m
}

// logIn sets a session's user and saves it; entry and session are how long they hold.
func logIn(t *testing.T, m *MemoryStore, id string, entry, session time.Duration) {
	t.Helper()
	if err := m.SetUser(t.Context(), id, "ann", time.Now().Add(entry)); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(t.Context(), id, nil, time.Now().Add(session)); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryStoreSweepsUsersWhenBothHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newSilentMemory(t)
		logIn(t, m, "session-ends-last", time.Second, time.Hour)
		logIn(t, m, "entry-ends-last", time.Hour, time.Second)
		logIn(t, m, "both-end", time.Second, time.Second)
		if err := m.SetUser(t.Context(), "never-saved", "ann", time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{2, 0} {
			time.Sleep(30 * time.Minute)
			m.sweep()
			if got := len(m.users.owners); got != want {
				t.Errorf("after %v and a sweep the index has %d entries; want %d", time.Since(m.base), got, want)
			}
			time.Sleep(30 * time.Minute)
		}
	})
}

func TestMemoryStoreSweepsUsersInSmallSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newSilentMemory(t)
		for i := range 1000 {
			logIn(t, m, fmt.Sprint(i), time.Second, time.Duration(1+i%2)*time.Minute)
		}
		time.Sleep(time.Minute)
		for looked := memoryStep; m.sweepUsers(memoryStep); looked += memoryStep {
			if gone := 1000 - len(m.users.owners); gone > looked {
				t.Fatalf("%d entries went when %d had been looked at", gone, looked)
			}
		}
		if got := len(m.users.owners); got != 500 {
			t.Errorf("%d entries are left; want the 500 whose sessions live", got)
		}
		if o := m.users.due(2*time.Minute - 1); o != nil {
			t.Errorf("an entry is looked at again before its session ends")
		}
	})
}

// A session that outlived what was said at its login is found by a second RevokeUser too, when a node that did not know
// has saved it again.
func TestMemoryStoreRevokeKeepsTheEntryOfALongSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newSilentMemory(t)
		logIn(t, m, "a", time.Second, time.Hour)
		time.Sleep(time.Minute)
		for range 2 {
			ids, err := m.RevokeUser(t.Context(), "ann")
			if err != nil || len(ids) != 1 || m.Count() != 0 {
				t.Fatalf("RevokeUser: %d sessions, %v; %d are left", len(ids), err, m.Count())
			}
			m.sweep()
			if err := m.Save(t.Context(), "a", nil, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestMemoryStoreIndexCostsNothingWithoutUsers(t *testing.T) {
	m := newSilentMemory(t)
	if err := m.Save(t.Context(), "a", nil, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if m.users.owners != nil || m.users.users != nil || m.users.expiry.Len() != 0 {
		t.Errorf("an index that nobody uses has memory of its own")
	}
	logIn(t, m, "a", time.Hour, time.Hour)
	if err := m.SetUser(t.Context(), "a", "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if m.users.owners != nil {
		t.Errorf("the index holds on to its memory when its last entry has gone")
	}
}
