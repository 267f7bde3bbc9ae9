package session

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

func TestRecordsKeepTheirIDsWhateverTheirLength(t *testing.T) {
	for n := 1; n <= maxIDLen; n++ {
		id := strings.Repeat("x", n-1) + "y"
		rec := allocate(id)
		if rec.id != id || rec.name() != id {
			t.Errorf("an ID of %d bytes became %q", n, rec.id)
		}
	}
}

func TestRecordsWithTheSameHashAreToldApart(t *testing.T) {
	records := newTable()
	records.hash = func(id string) uint64 { return uint64(len(id)) }
	made := map[string]*record{}
	r := rand.New(rand.NewSource(1))
	for range 5000 {
		id := fmt.Sprint(r.Intn(200))
		if made[id] == nil {
			made[id] = allocate(id)
			records.add(made[id])
		} else {
			records.remove(made[id])
			delete(made, id)
		}
		if records.find(id) != made[id] || records.len() != len(made) {
			t.Fatalf("%s: found %v of %d records, want %v of %d", id, records.find(id), records.len(), made[id], len(made))
		}
	}
	for id, rec := range made {
		if records.find(id) != rec {
			t.Errorf("%s is lost", id)
		}
	}
	for rec := range records.all() {
		if made[rec.id] != rec {
			t.Errorf("%s is there, or was there before", rec.id)
		}
		delete(made, rec.id)
	}
	if len(made) > 0 {
		t.Errorf("%d records are not among all", len(made))
	}
}

// naiveKey says in plain words how addresses are compared.
func naiveKey(ip string, bits int) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "text " + ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() && bits >= 0 && bits < 128 {
		return netip.PrefixFrom(addr, bits).Masked().String()
	}
	return addr.String()
}

func TestAddressesAreComparedInTheirNormalFormAndGivenBackAsTheyCame(t *testing.T) {
	ips := []string{
		"192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.2", "0.0.0.0", "255.255.255.255", "127.0.0.1",
		"2001:db8::1", "2001:DB8::1", "2001:db8:0:0::1", "2001:db8::1%eth0", "2001:db8::2", "2001:db8:0:1::1", "::", "::1",
		"::2%lo", "2001:db8:0:0:8000::", "2001:db8:0:0:8001::", "fe80::1%eth0",
		"a host", "unix", "192.0.2", "192.0.2.01", "text", "1",
	}
	for _, bits := range []int{-1, 1, 32, 56, 63, 64, 65, 80, 127, 128, 200} {
		for _, a := range ips {
			if got := parseAddress(a).String(); got != a {
				t.Errorf("%s came back as %s", a, got)
			}
			for _, b := range ips {
				want := naiveKey(a, bits) == naiveKey(b, bits)
				if got := parseAddress(a).key(bits) == parseAddress(b).key(bits); got != want {
					t.Errorf("%s and %s by %d bits: same %v, want %v", a, b, bits, got, want)
				}
			}
		}
	}
	if parseAddress("") != (address{}) || (address{}).String() != "" {
		t.Error("no address is none")
	}
}

func TestWhenASessionWasCreatedComesBackAsItWas(t *testing.T) {
	m := NewManager(nil, ManagerConfig{}, nil)
	for _, at := range []time.Time{
		time.Now(), time.Now().UTC(), time.Unix(0, 0), time.Date(1700, 1, 2, 3, 4, 5, 6, time.UTC),
		time.Date(2261, 12, 31, 0, 0, 0, 1, time.UTC),
	} {
		if err := m.Register(&ManagedSession{ID: "a", CreatedAt: at}); err != nil {
			t.Fatal(err)
		}
		got := m.Get("a").CreatedAt
		if !got.Equal(at) || (got.Location() == time.UTC) != (at.Location() == time.UTC) {
			t.Errorf("created at %v became %v", at, got)
		}
		m.Remove("a")
		m.graves.forget("a")
	}
	for _, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if err := m.Register(&ManagedSession{ID: "a", CreatedAt: at}); err != nil {
			t.Fatal(err)
		}
		if got := m.Get("a").CreatedAt; got.Year() != 1677 && got.Year() != 2262 || got.Before(at) != at.After(time.Now()) {
			t.Errorf("created at %v became %v, want the nearest instant", at, got)
		}
		m.Remove("a")
		m.graves.forget("a")
	}
}

// TestTheStateSaysWhereASessionIs does random things and checks after each that the queues, the counts and the
// connections are what the states of the sessions say.
func TestTheStateSaysWhereASessionIs(t *testing.T) {
	for policy := EvictionLRU; policy <= EvictionFair; policy++ {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewManager(nil, ManagerConfig{
					EvictionPolicy: policy, MaxDetachedSessions: 5, MaxSessions: 12, ResumeWindow: time.Minute,
					CleanupInterval: 7 * time.Second, MaxSessionsPerIP: 1000,
				}, nil)
				r := rand.New(rand.NewSource(int64(policy)))
				var held []*Attachment
				for range 4000 {
					id := fmt.Sprint("s", r.Intn(20))
					ip := []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "host", ""}[r.Intn(5)]
					switch r.Intn(10) {
					case 0, 1:
						_ = m.Register(&ManagedSession{ID: id, IP: ip, UserID: []string{"", "u"}[r.Intn(2)]})
					case 2, 3:
						m.OnDisconnect(id, make([]byte, r.Intn(20)))
					case 4:
						_, _, _ = m.OnReconnect(id)
					case 5:
						if a, err := m.Resume(t.Context(), id); err == nil {
							held = append(held, a)
						}
					case 6:
						if len(held) > 0 {
							endHold(r, held[len(held)-1], ip)
							held = held[:len(held)-1]
						}
					case 7:
						_ = m.SetIP(id, ip)
						_ = m.SetUser(id, []string{"", "u", "v"}[r.Intn(3)])
					case 8:
						m.Touch(id)
						if r.Intn(20) == 0 {
							m.Remove(id)
							m.graves.forget(id)
						}
					case 9:
						time.Sleep(time.Duration(r.Intn(8000)) * time.Millisecond)
					}
					checkPlaces(t, m)
				}
				if err := m.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				checkPlaces(t, m)
			})
		})
	}
}

func endHold(r *rand.Rand, a *Attachment, ip string) {
	switch r.Intn(3) {
	case 0:
		a.Release()
	case 1:
		_ = a.Connect(ManagedSession{IP: ip})
	case 2:
		a.Detach([]byte("state"))
	}
}

// checkPlaces counts in a naive way.
func checkPlaces(t *testing.T, m *Manager) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var windowed, evictable, attached int
	var bytes int64
	addresses, users := map[address]tally{}, map[string]int{}
	for rec := range m.records.all() {
		s := rec.state
		if !s.InMemory() || s.Attached() != (rec.conn != nil) || s.Evictable() != rec.place.Queued() {
			t.Fatalf("%s is %v: connection %v, queued %v", rec.id, s, rec.conn != nil, rec.place.Queued())
		}
		if in := m.windows.Has(rec); in != s.Windowed() && !(s == lifecycle.Held && rec.windowEnd() <= m.now()) {
			t.Fatalf("%s is %v and has a window: %v", rec.id, s, in)
		}
		if m.windows.Has(rec) {
			windowed++
		}
		key := rec.address().key(m.cfg.IPv6Prefix)
		counted := addresses[key]
		counted.total++
		if s.Evictable() {
			evictable, bytes = evictable+1, bytes+int64(len(rec.data))
		}
		if s.Attached() {
			attached++
			counted.connected++
			users[rec.userID()]++
		}
		addresses[key] = counted
	}
	if m.windows.Len() != windowed || m.detached.Len() != evictable || m.limits.connected != attached || m.bytes != bytes {
		t.Fatalf("%d windows, %d evictable, %d connected, %d bytes; want %d, %d, %d, %d",
			m.windows.Len(), m.detached.Len(), m.limits.connected, m.bytes, windowed, evictable, attached, bytes)
	}
	delete(addresses, address{})
	delete(users, "")
	if m.limits.addresses() != len(addresses) || len(m.limits.users) != len(users) {
		t.Fatalf("%d addresses, %d users; want %d, %d", m.limits.addresses(), len(m.limits.users), len(addresses), len(users))
	}
	for key, want := range addresses {
		if got := m.limits.of(key); got != int(want.connected) {
			t.Fatalf("%v holds %d connected sessions, want %d", key, got, want.connected)
		}
	}
	for user, want := range users {
		if m.limits.users[user] != want {
			t.Fatalf("%s holds %d sessions, want %d", user, m.limits.users[user], want)
		}
	}
	if got := slices.Collect(m.records.all()); len(got) != m.records.len() {
		t.Fatalf("%d records, want %d", len(got), m.records.len())
	}
}
