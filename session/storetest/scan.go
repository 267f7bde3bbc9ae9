package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// scanChecks are for stores declared Scan. Other checks may write to the same data meanwhile: these look for their own
// sessions only.
func scanChecks() []check {
	return ifDeclared("Scan", func(o Options) bool { return o.Scan }, []check{
		{"every live session is listed under its ID, byte for byte", scanLists},
		{"size and expiry are those of the session, to the millisecond", scanInfo},
		{"what has expired or was deleted is not listed", scanEnded},
		{"a page holds about as many sessions as it may", scanLimits},
		{"a session that is live throughout is listed, whatever is written meanwhile", scanSteady},
		{"a cursor is good for as long as the caller likes", scanCursors},
		{"a malformed cursor is an error", scanMalformed},
		{"a context that has ended is an error, not the end", scanCanceled},
		{"after Close Scan is ErrStoreClosed", scanClosed},
	})
}

func (s *subject) scanner(t testing.TB) session.Scanner {
	t.Helper()
	return capability[session.Scanner](t, s)
}

// listing is what a scan found: the last that was said of each session.
type listing struct {
	sessions map[string]session.SessionInfo
	pages    int
	largest  int // of the pages
}

func (l *listing) add(page []session.SessionInfo) {
	for _, info := range page {
		l.sessions[info.ID] = info
	}
	l.pages, l.largest = l.pages+1, max(l.largest, len(page))
}

// maxPages is more than a listing with the pages that these checks ask for can have.
const maxPages = 50_000

// scan lists what follows a cursor. It must not end the test.
func (s *subject) scan(from session.Scanner, cursor string, limit int) (listing, error) {
	l := listing{sessions: map[string]session.SessionInfo{}}
	for l.pages < maxPages {
		page, next, err := from.Scan(s.ctx, cursor, limit)
		if err != nil {
			return l, fmt.Errorf("a call of Scan: %w", err)
		}
		if l.add(page); next == "" {
			return l, nil
		}
		cursor = next
	}
	return l, fmt.Errorf("a listing has %d pages, and no end", l.pages)
}

func (s *subject) scanned(t testing.TB, limit int) listing {
	t.Helper()
	l, err := s.scan(s.scanner(t), "", limit)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return l
}

// misses returns how many of these sessions were not listed.
func (l listing) misses(ids []string) int {
	n := 0
	for _, id := range ids {
		if _, listed := l.sessions[id]; !listed {
			n++
		}
	}
	return n
}

func scanLists(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("Id")
	ids := append(spreadIDs(1200), base, strings.ToUpper(base), strings.ToLower(base), base+strings.Repeat("x", 64-len(base)))
	for b := byte(0x21); b <= 0x7e; b++ {
		ids = append(ids, base+string(rune(b)), string(rune(b))+base)
	}
	s.saveAll(t, batchOf(ids, later()))
	if n := s.scanned(t, 0).misses(ids); n > 0 {
		t.Fatalf("%d of %d live sessions are not listed", n, len(ids))
	}
	listed := map[string]bool{}
	for info, err := range session.Sessions(s.ctx, s.scanner(t)) {
		if err != nil {
			t.Fatalf("Sessions: %v", err)
		}
		listed[info.ID] = true
	}
	for _, id := range ids {
		if !listed[id] {
			t.Fatalf("Sessions leaves out a live session")
		}
	}
}

// A want is what a store must say of a session: its size and, between which instants, its expiry.
type want struct {
	size int
	lapse
}

// describes checks what a listing that began at some instant says of a session.
func (k *kit) describes(t testing.TB, info session.SessionInfo, w want, began time.Time) {
	t.Helper()
	if info.Size != w.size {
		t.Fatalf("a session of %d bytes is listed with %d", w.size, info.Size)
	}
	off := time.Since(began) // the store may tell the rest of its life at any instant of the call
	if info.ExpiresAt.Before(w.earliest.Add(-off)) || info.ExpiresAt.After(w.latest.Add(off)) {
		t.Fatalf("a session that expires between %v and %v is listed with %v",
			w.earliest.UTC(), w.latest.UTC(), info.ExpiresAt.UTC())
	}
}

// lasting is expiring with an expiry far ahead that has an odd number of milliseconds.
func (k *kit) lasting(write func(at time.Time)) lapse {
	at, start := later().Truncate(time.Second).Add(567*time.Millisecond), time.Now()
	write(at)
	return lapse{at.Add(-k.slack()), at.Add(time.Since(start) + k.slack())}
}

// described saves sessions in several ways and returns what must be said of each.
func (s *subject) described(t testing.TB) map[string]want {
	t.Helper()
	ids, wants, large := spreadIDs(5), map[string]want{}, 70_000
	if limit, limited := s.kit.limit(); limited {
		large = min(large, limit)
	}
	wants[ids[0]] = want{0, s.kit.lasting(func(at time.Time) { s.save(t, ids[0], nil, at) })}
	wants[ids[1]] = want{large, s.kit.lasting(func(at time.Time) { s.save(t, ids[1], noise(large), at) })}
	s.save(t, ids[2], noise(80), time.Now().Add(time.Minute))
	touched := s.kit.lasting(func(at time.Time) { s.touch(t, ids[2], at) })
	touched.latest = touched.latest.Add(s.kit.opts.TouchPrecision)
	wants[ids[2]] = want{80, touched}
	wants[ids[3]] = want{len(ids[3]), s.kit.lasting(func(at time.Time) { s.saveAll(t, batchOf(ids[3:4], at)) })}
	s.save(t, ids[4], noise(300), later().Add(time.Hour))
	wants[ids[4]] = want{3, s.kit.lasting(func(at time.Time) { s.save(t, ids[4], []byte("new"), at) })}
	return wants
}

func scanInfo(t testing.TB, k *kit) {
	s := k.store(t)
	wants, began := s.described(t), time.Now()
	l := s.scanned(t, 10_000)
	for id, w := range wants {
		info, listed := l.sessions[id]
		if !listed {
			t.Fatalf("a live session is not listed")
		}
		k.describes(t, info, w, began)
	}
}

func scanEnded(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(4)
	s.saveAll(t, batchOf(ids, later()))
	s.delete(t, ids[0])
	s.touch(t, ids[1], time.Now().Add(-time.Millisecond))
	l := k.expiring(func(at time.Time) { s.save(t, ids[2], []byte("short"), at) })
	until(l.latest)
	if n := s.scanned(t, 0).misses(ids[:3]); n < 3 {
		t.Fatalf("%d sessions are listed that have expired or were deleted", 3-n)
	}
}

func scanLimits(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(12_000)
	s.saveAll(t, batchOf(ids, time.Now().Add(5*patience))) // they need not make other scans longer for an hour
	for limit, means := range map[int]int{100: 100, 1 << 40: 10_000} {
		l := s.scanned(t, limit)
		if n := l.misses(ids); n > 0 {
			t.Fatalf("limit %d: %d of %d live sessions are not listed", limit, n, len(ids))
		}
		if l.largest > atMost(means) {
			t.Fatalf("limit %d: a page holds %d sessions; want about %d", limit, l.largest, means)
		}
		if fewest := len(ids) / means; l.pages > 50*fewest {
			t.Fatalf("limit %d: %d pages for %d sessions", limit, l.pages, len(l.sessions))
		}
	}
	for _, limit := range []int{0, -1} {
		page, next, err := s.scanner(t).Scan(s.ctx, "", limit)
		if err != nil || next == "" || len(page) > atMost(1000) {
			t.Fatalf("limit %d: the first page holds %d sessions, %v, and more follow: %v; want about 1,000 of 12,000",
				limit, len(page), err, next != "")
		}
	}
}

// atMost is how many sessions a page may hold of which about so many were asked for.
func atMost(limit int) int { return limit + max(limit/10, 200) }

// endedAt is a batch that removes sessions.
func endedAt(ids []string) map[string]session.SessionData {
	batch := make(map[string]session.SessionData, len(ids))
	for _, id := range ids {
		batch[id] = session.SessionData{}
	}
	return batch
}

func scanCanceled(t testing.TB, k *kit) {
	s := k.store(t)
	s.save(t, newID(""), nil, later())
	page, next, err := s.scanner(t).Scan(canceled(), "", 0)
	fails(t, "Scan", err, context.Canceled)
	if len(page) > 0 || next != "" {
		t.Fatalf("Scan returned %d sessions, a cursor: %v, and an error", len(page), next != "")
	}
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, _, err = s.scanner(t).Scan(ctx, "", 0)
	fails(t, "Scan", err, context.DeadlineExceeded)
}

func scanClosed(t testing.TB, k *kit) {
	s := k.store(t)
	scanner := s.scanner(t)
	s.close(t)
	page, _, err := scanner.Scan(s.ctx, "", 0)
	fails(t, "Scan", err, session.ErrStoreClosed{})
	if len(page) > 0 {
		t.Fatalf("Scan after Close returned %d sessions", len(page))
	}
	_, _, err = scanner.Scan(s.ctx, "no cursor", 0)
	fails(t, "Scan", err, session.ErrStoreClosed{})
}
