package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/live/livetest"
)

// TestDemoThatCouldNotSaveFails ends the demo while the store is down and a tab has state that is nowhere else.
func TestDemoThatCouldNotSaveFails(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for name, start := range map[string]func(testing.TB, ...string) *testserver.Server{
		"postgres": testserver.StartPostgres,
		"redis":    testserver.StartRedis,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := start(t)
			r := startDemo(t, "--store", store.URL())
			b := livetest.NewBrowser(nil)
			tab, _ := fillCart(t, b, r.url)
			conn, _ := attach(t, b, r.url, tab)
			defer conn.Cut()
			store.Kill(t)
			if err := conn.Send(t.Context(), livetest.Input{Seq: 3, Name: "add", V: map[string]string{"product": "pear"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Until(t.Context(), func(m livetest.Message) bool { return m.Applied == 3 }); err != nil {
				t.Fatal(err)
			}
			if code := r.end(); code != exitFailed {
				t.Errorf("it ended with code %d, want %d", code, exitFailed)
			}
			saysWhatWasNotSaved(t, r.errs.String(), tab)
		})
	}
}

var unsavedHash = regexp.MustCompile(`msg="sessions not saved".* unsaved\.sessions=1 .*unsaved\.hashes=\[[0-9a-f]{16}\]\n`)

// wholeID is what the ID of a session looks like.
var wholeID = regexp.MustCompile(`[A-Za-z0-9_-]{43}`)

// saysWhatWasNotSaved checks that the tab's session is named, by its hash alone.
func saysWhatWasNotSaved(t *testing.T, stderr, tab string) {
	t.Helper()
	if !strings.Contains(stderr, "limpet demo: supervisor: 1 of 1 nodes failed while they ended") {
		t.Error("it does not say that a node failed")
	}
	if !unsavedHash.MatchString(stderr) {
		t.Error("it does not name the session")
	}
	if strings.Contains(stderr, tab) || wholeID.MatchString(stderr) {
		t.Error("it shows a part of the tab, or a whole ID")
	}
	if t.Failed() {
		t.Log(stderr)
	}
}
