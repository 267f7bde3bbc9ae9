package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func idChecks() []check {
	return []check{
		{"every printable ASCII byte is allowed", everyByteAllowed},
		{"an ID has 1 to 64 bytes", idLengths},
		{"IDs are compared byte for byte", byteForByte},
		{"IDs that differ only in case are different sessions", caseMatters},
		{"saving any other ID is ErrInvalidSessionID and writes nothing", refusedSave},
		{"Load treats any other ID as missing", refusedLoad},
		{"Touch and Delete treat any other ID as missing", refusedTouchDelete},
		{"none of them does IO for it", refusedWithoutIO},
	}
}

// badIDs are not 1 to 64 bytes of printable ASCII. Each but the empty one begins with base, so that an engine that
// trims, truncates or folds it meets the session of that ID.
func badIDs(base string) []string {
	return []string{
		"",
		base + strings.Repeat("x", 65-len(base)),
		base + strings.Repeat("x", 1000),
		base + " ", " " + base, base + "\t", base + "\n", base + "\x00", base + "\x00x", base + "\x1f", base + "\x7f",
		base + "é", base + "\u200b", base + "\xff", "１" + base, base + "🐚",
	}
}

func everyByteAllowed(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("")
	for b := byte(0x21); b <= 0x7e; b++ {
		s.save(t, base+string(rune(b)), []byte{b}, later())
	}
	for b := byte(0x21); b <= 0x7e; b++ {
		s.holds(t, base+string(rune(b)), []byte{b})
	}
}

func idLengths(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("")
	longest := base + strings.Repeat("x", 64-len(base))
	for _, id := range []string{"~", longest, longest[:63]} {
		s.save(t, id, []byte(id), later())
		s.holds(t, id, []byte(id))
	}
	s.delete(t, "~")
	s.lacks(t, "~")
	s.holds(t, longest, []byte(longest))
}

func byteForByte(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("")
	ids := []string{
		base + "ab", base + "a", base + "ab-", base + "%", base + "_", base + "*", base + "?b", base + "[a]b",
		base + "'", base + `"`, base + "`", base + `\`, base + `\\`, base + "';--", base + "$1", base + ":x", base + "{a}",
	}
	for _, id := range ids {
		s.save(t, id, []byte(id), later())
	}
	for i, id := range ids {
		s.holds(t, id, []byte(id))
		s.delete(t, id)
		for j, other := range ids {
			if j <= i {
				s.lacks(t, other)
			} else {
				s.holds(t, other, []byte(other))
			}
		}
	}
}

func caseMatters(t testing.TB, k *kit) {
	s := k.store(t)
	lower, upper := newID("snail"), ""
	upper = strings.TrimSuffix(lower, "snail") + "SNAIL"
	s.save(t, lower, []byte("lower"), later())
	s.lacks(t, upper)
	s.saveAll(t, map[string]session.SessionData{upper: {Data: []byte("upper"), ExpiresAt: later()}})
	s.holds(t, lower, []byte("lower"))
	s.holds(t, upper, []byte("upper"))
	s.touch(t, upper, time.Now().Add(-time.Second))
	s.holds(t, lower, []byte("lower"))
}

func refusedSave(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("k")
	s.save(t, base, []byte("kept"), later())
	for _, id := range badIDs(base) {
		err := s.Save(s.ctx, id, []byte("bad"), later())
		fails(t, fmt.Sprintf("Save of %q", id), err, session.ErrInvalidSessionID, id)
		s.lacks(t, id)
		if len(id) > 64 {
			s.lacks(t, id[:64])
		}
	}
	fails(t, "Save with a past expiry", s.Save(s.ctx, base+" ", nil, time.Time{}), session.ErrInvalidSessionID)
	s.holds(t, base, []byte("kept"))
}

func refusedLoad(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("k")
	s.save(t, base, []byte("kept"), later())
	for _, id := range badIDs(base) {
		if data, err := s.Load(s.ctx, id); data != nil || err != nil {
			t.Fatalf("Load of %q: %q, %v; want nil, nil", id, data, err)
		}
	}
}

func refusedTouchDelete(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("k")
	s.save(t, base, []byte("kept"), later())
	for _, id := range badIDs(base) {
		if err := s.Touch(s.ctx, id, time.Now().Add(-time.Second)); err != nil {
			t.Fatalf("Touch of %q: %v; want nil", id, err)
		}
		if err := s.Delete(s.ctx, id); err != nil {
			t.Fatalf("Delete of %q: %v; want nil", id, err)
		}
	}
	s.holds(t, base, []byte("kept"))
}

func refusedWithoutIO(t testing.TB, k *kit) {
	if k.opts.IO == nil {
		t.Skip("Options.IO is not set")
	}
	s := k.store(t)
	base := newID("k")
	s.save(t, base, []byte("kept"), later())
	before := k.opts.IO(s.SessionStore)
	if before == 0 {
		t.Fatalf("Options.IO counts nothing: it is 0 after a Save")
	}
	for _, id := range badIDs(base) {
		_, loadErr := s.Load(s.ctx, id)
		if err := errors.Join(loadErr, s.Touch(s.ctx, id, later()), s.Delete(s.ctx, id)); err != nil {
			t.Fatalf("ID %q: %v", id, err)
		}
		fails(t, "Save", s.Save(s.ctx, id, nil, later()), session.ErrInvalidSessionID)
		only := map[string]session.SessionData{id: {ExpiresAt: later()}}
		fails(t, "SaveAll", s.SaveAll(s.ctx, only), session.ErrInvalidSessionID)
		if k.opts.Atomic {
			fails(t, "SaveAllAtomic", s.atomic(t).SaveAllAtomic(s.ctx, only), session.ErrInvalidSessionID)
		}
		if k.opts.Batch {
			s.holdsAll(t, []string{id}, nil)
			s.touchAll(t, allAt([]string{id}, later()))
			s.deleteAll(t, []string{id})
		}
		if k.opts.Users {
			fails(t, "SetUser", s.users(t).SetUser(s.ctx, id, newUser(), later()), session.ErrInvalidSessionID)
		}
	}
	if after := k.opts.IO(s.SessionStore); after != before {
		t.Fatalf("calls with invalid IDs did %d operations on the backend", after-before)
	}
}
