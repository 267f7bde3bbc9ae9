package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func unsaved(n int) *session.NotSavedError {
	e := &session.NotSavedError{Err: errors.New("store down")}
	for i := range n {
		e.SessionIDs = append(e.SessionIDs, fmt.Sprintf("secret-%03d", i))
	}
	return e
}

// TestNotSavedErrorIsLoggedWithoutIDs logs one as people do, wrapped and not.
func TestNotSavedErrorIsLoggedWithoutIDs(t *testing.T) {
	for _, n := range []int{1, 100, 101, 250} {
		e := unsaved(n)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Error("not saved", "unsaved", e, "error", fmt.Errorf("shut down: %w", e))
		text := log.String()
		if strings.Contains(text, "secret-") {
			t.Errorf("an ID was logged: %s", text)
		}
		for _, want := range []string{fmt.Sprintf("unsaved.sessions=%d ", n), `unsaved.cause="store down"`, fmt.Sprintf("%d session", n)} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		for i, id := range e.SessionIDs {
			if got := strings.Contains(text, session.HashID(id)); got != (i < 100) {
				t.Errorf("%d sessions: that number %d is named is %v", n, i, got)
			}
		}
	}
}

func TestNotSavedErrorWithoutACause(t *testing.T) {
	e := &session.NotSavedError{}
	if got := e.LogValue().String(); got != "[sessions=0 cause= hashes=[]]" {
		t.Error(got)
	}
	if got := e.Error(); got != "session: 0 sessions not saved" {
		t.Error(got)
	}
}

// TestErrorsOfManySessionsAreOneLine reads what an error says whose cause is several ones.
func TestErrorsOfManySessionsAreOneLine(t *testing.T) {
	cause := errors.Join(errors.New("disk full"), fmt.Errorf("shard 2: %w", errors.Join(errors.New("down"), errors.New("slow"))))
	const text = "disk full; shard 2: down; slow"
	for n, counted := range map[int]string{1: "1 session", 2: "2 sessions"} {
		e := &session.NotSavedError{SessionIDs: unsaved(n).SessionIDs, Err: cause}
		if got, want := e.Error(), "session: "+counted+" not saved: "+text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := e.LogValue().Group()[1].Value.String(); got != text {
			t.Errorf("logged %q", got)
		}
		batch := &session.BatchError{SessionIDs: e.SessionIDs, Err: cause}
		if got, want := batch.Error(), "session: batch failed for "+counted+": "+text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
