package soak

import (
	"testing"
	"time"
)

// at is a moment of the tests, in milliseconds.
func at(ms int) time.Time { return time.Unix(1_000_000, 0).Add(time.Duration(ms) * time.Millisecond) }

func within(start, end int) span { return span{at(start), at(end)} }

func unknown(start int) span { return span{start: at(start)} }

func TestRecordAllowsWhatMayBe(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(r *record)
		version uint64
		read    int // when
		era     int
		ok      bool
	}{
		"nothing was written":                     {func(*record) {}, 0, 10, 0, true},
		"a session from nowhere":                  {func(*record) {}, 1, 10, 0, false},
		"an acknowledged save":                    {func(r *record) { r.acknowledged(saved(1, at(1000), within(0, 5)), 0) }, 1, 10, 0, true},
		"an acknowledged save is lost":            {func(r *record) { r.acknowledged(saved(1, at(1000), within(0, 5)), 0) }, 0, 10, 0, false},
		"a session long expired":                  {func(r *record) { r.acknowledged(saved(1, at(1000), within(0, 5)), 0) }, 1, 1010, 0, false},
		"a session just expired, by a slow clock": {func(r *record) { r.acknowledged(saved(1, at(1000), within(0, 5)), 0) }, 1, 1004, 0, true},
		"an overwritten version": {func(r *record) {
			r.acknowledged(saved(1, at(1000), within(0, 5)), 0)
			r.acknowledged(saved(2, at(1000), within(6, 9)), 0)
		}, 1, 10, 0, false},
		"a failed save took place": {func(r *record) { r.failed(saved(1, at(1000), unknown(0)), 0) }, 1, 10, 0, true},
		"a failed save did not":    {func(r *record) { r.failed(saved(1, at(1000), unknown(0)), 0) }, 0, 10, 0, true},
		"a failed save overtook a later one": {func(r *record) {
			r.failed(saved(1, at(1000), unknown(0)), 0)
			r.acknowledged(saved(2, at(1000), within(6, 9)), 0)
		}, 1, 10, 0, true},
		"a failed save came after a kill": {func(r *record) {
			r.failed(saved(1, at(1000), unknown(0)), 0)
			r.acknowledged(saved(2, at(1000), within(6, 9)), 1)
		}, 1, 10, 1, false},
		"a deleted session": {func(r *record) {
			r.acknowledged(saved(1, at(1000), within(0, 5)), 0)
			r.acknowledged(deleted(), 0)
		}, 1, 10, 0, false},
		"a touched session lives on": {func(r *record) {
			r.acknowledged(saved(1, at(1000), within(0, 5)), 0)
			r.acknowledged(touched(at(2000), within(6, 9)), 0)
		}, 0, 1500, 0, false},
		"a touch in time does not keep a session that was not touched": {func(r *record) {
			r.acknowledged(saved(1, at(1000), within(0, 5)), 0)
			r.failed(touched(at(2000), unknown(6)), 0)
		}, 0, 1500, 0, true},
		"a touch revives": {func(r *record) {
			r.acknowledged(saved(1, at(1000), within(0, 5)), 0)
			r.acknowledged(touched(at(2000), within(1100, 1109)), 0)
		}, 1, 1500, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord()
			tc.prepare(r)
			if ok := r.observed(tc.version, at(tc.read), at(tc.read+1), tc.era); ok != tc.ok {
				t.Errorf("version %d at %d ms: allowed is %v", tc.version, tc.read, ok)
			}
		})
	}
}

func TestReadingSettlesAFailedWrite(t *testing.T) {
	r := newRecord()
	r.acknowledged(saved(1, at(1000), within(0, 5)), 0)
	r.failed(saved(2, at(1000), unknown(6)), 0)
	if _, certain := r.certain(); certain {
		t.Error("certain before the kill")
	}
	if !r.observed(1, at(20), at(21), 1) {
		t.Error("the old version may not be read")
	}
	if l, certain := r.certain(); !certain || l.version != 1 {
		t.Errorf("after the kill and a read: %v, %v", l, certain)
	}
	if r.observed(2, at(22), at(23), 1) {
		t.Error("the new version may be read after the old one")
	}
}

func TestSharedLogFindsLostAndStaleVersions(t *testing.T) {
	log := newSharedLog()
	const id = "s"
	if fault := log.check(id, 0, time.Now()); fault != "" {
		t.Errorf("nothing written, nothing found: %s", fault)
	}
	log.begin(id, 1)
	if fault := log.check(id, 1, time.Now()); fault != "" {
		t.Errorf("not acknowledged, found: %s", fault)
	}
	log.acknowledged(id, 1)
	between := time.Now()
	log.begin(id, 2)
	log.acknowledged(id, 2)
	for version, wrong := range map[uint64]bool{0: true, 1: true, 2: false, 3: true} {
		if fault := log.check(id, version, time.Now().Add(time.Millisecond)); (fault != "") != wrong {
			t.Errorf("version %d: %q", version, fault)
		}
	}
	if fault := log.check(id, 1, between); fault != "" {
		t.Errorf("read begun before the second write: %s", fault)
	}
}
