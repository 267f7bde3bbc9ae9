package drivertest

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

// Elsewhere checks what time zones, modes and isolation levels could break, in a process in another time zone, on the
// server at a URL. The package's tests must have those names.
func Elsewhere(t *testing.T, e Engine, place, zone string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0],
		"-test.run=^(TestExpiryIsExact|TestBadRows|TestStoreKeepsTheContract)$/^(|ids|data|expiry|batches|atomic|concurrency|users)$")
	cmd.Env = append(os.Environ(), "TZ="+zone, e.Env+"="+place)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// zones have gaps of an hour, at midnight and of half an hour.
var zones = []string{"America/New_York", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"}

// ExpiryIsExact checks that what the server notes of an expiry is that instant: beside the hours that daylight saving
// skips and repeats in some zone, and where the clock on the wall in UTC shows what such a zone skips.
func ExpiryIsExact(t *testing.T, e Engine) {
	place := e.Fresh(t)
	store, db := e.Store(t, place), e.DB(t, place)
	noted := func() time.Time { return time.UnixMilli(sqltest.Query[int64](t, db, e.Expiry, "s1")) }
	for _, name := range zones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range changes(zone) {
			if err := store.Save(t.Context(), "s1", nil, at.In(zone)); err != nil {
				t.Fatal(err)
			}
			wantAbout(t, "Save", noted(), at)
			if err := store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if err := store.Touch(t.Context(), "s1", at); err != nil {
				t.Fatal(err)
			}
			wantAbout(t, "Touch", noted(), at)
			page, _, err := store.Scan(t.Context(), "", 0)
			if err != nil || len(page) != 1 {
				t.Fatalf("Scan: %d sessions, %v", len(page), err)
			}
			wantAbout(t, "Scan", page[0].ExpiresAt, at)
			sqltest.WantLoad(t, store, "s1", "")
		}
	}
}

// changes returns instants in and about the next two changes of a zone's clocks.
func changes(zone *time.Location) []time.Time {
	var all []time.Time
	now := time.Now()
	for range 2 {
		_, change := now.In(zone).ZoneBounds()
		for _, d := range []time.Duration{-time.Hour, -time.Millisecond, 0, time.Millisecond, 10 * time.Minute, time.Hour} {
			at := change.Add(d)
			all = append(all, at)
			_, offset := change.Add(-time.Millisecond).In(zone).Zone()
			all = append(all, at.Add(time.Duration(offset)*time.Second)) // in UTC, the clock shows what at is there
		}
		now = change
	}
	return all
}

// wantAbout allows for the time a call takes. A wrong zone is half an hour off.
func wantAbout(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if got.Sub(want).Abs() > time.Minute {
		t.Errorf("%s until %v: the server has %v", what, want, got)
	}
}
