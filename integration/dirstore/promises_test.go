package dirstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// What follows is what the kit cannot know of: files, and a disk that does not answer.

func openAt(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func saved(t *testing.T, s *Store, id string, d time.Duration) {
	t.Helper()
	if err := s.Save(t.Context(), id, []byte(id), time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func wantData(t *testing.T, s *Store, id, want string) {
	t.Helper()
	if data, err := s.Load(t.Context(), id); string(data) != want || err != nil {
		t.Errorf("session %s has %q, %v; want %q", id, data, err, want)
	}
}

func TestReopenedStoreHasItsSessionsAndNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir[1]")
	s := openAt(t, dir)
	saved(t, s, "a", time.Hour)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, unfinished+"123")
	if err := os.WriteFile(half, []byte("half a rec"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantData(t, openAt(t, dir), "a", "a")
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed process left behind is still there: %v", err)
	}
}

func TestFileNamesDoNotDependOnCase(t *testing.T) {
	s := openAt(t, t.TempDir())
	names := map[string]bool{}
	for _, id := range []string{"a", "A", "../../etc/passwd", "CON", strings.Repeat("Z", 64)} {
		saved(t, s, id, time.Hour)
		name := filepath.Base(s.path(id))
		if filepath.Dir(s.path(id)) != s.dir || name != strings.ToLower(name) || names[name] {
			t.Errorf("session %s is in %s", id, s.path(id))
		}
		names[name] = true
	}
}

// The lock of a session stands for a disk that does not answer.
func TestCallsEndAlthoughTheDiskDoesNotAnswer(t *testing.T) {
	s := openAt(t, t.TempDir())
	saved(t, s, "a", time.Hour)
	for i := range s.locks {
		s.locks[i].Lock()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, loadErr := s.Load(ctx, "a")
	for call, err := range map[string]error{
		"Load":   loadErr,
		"Save":   s.Save(ctx, "a", []byte("late"), time.Now().Add(time.Hour)),
		"Touch":  s.Touch(ctx, "a", time.Time{}),
		"Delete": s.Delete(ctx, "a"),
	} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v; want context.DeadlineExceeded", call, err)
		}
	}
	for i := range s.locks {
		s.locks[i].Unlock()
	}
	wantData(t, s, "a", "a") // none of them was begun after its caller had given up
	if err := s.Close(); err != nil || len(s.calls) > 0 {
		t.Errorf("Close: %v; %d calls are still under way", err, len(s.calls))
	}
}

func TestErrorsHoldNoPaths(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	saved(t, s, "secret", time.Hour)
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Hour)
	batch := map[string]session.SessionData{"secret": {ExpiresAt: at}, "other": {ExpiresAt: at}}
	saveAll := s.SaveAll(t.Context(), batch)
	for call, err := range map[string]error{
		"Save":    s.Save(t.Context(), "secret", nil, at),
		"SaveAll": saveAll,
		"Delete":  s.Delete(t.Context(), "secret"),
		"Ping":    s.Ping(t.Context()),
		"Sweep":   s.Sweep(t.Context()),
	} {
		if !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), filepath.Base(dir)) {
			t.Errorf("%s: %v; want an error that says that something does not exist, and not where", call, err)
		}
	}
	var unsaved *session.NotSavedError
	if !errors.As(saveAll, &unsaved) || !slices.Equal(unsaved.SessionIDs, []string{"other", "secret"}) {
		t.Errorf("SaveAll: %v; want a *NotSavedError of both sessions", saveAll)
	}
}

// A file that cannot be written, here because a directory is in its place, does not cost the others.
func TestSaveAllNamesTheOneThatFailed(t *testing.T) {
	s := openAt(t, t.TempDir())
	if err := os.MkdirAll(filepath.Join(s.path("bad"), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	batch := map[string]session.SessionData{}
	for _, id := range []string{"bad", "good", "fine"} {
		batch[id] = session.SessionData{Data: []byte(id), ExpiresAt: time.Now().Add(time.Hour)}
	}
	err := s.SaveAll(t.Context(), batch)
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) || !slices.Equal(unsaved.SessionIDs, []string{"bad"}) {
		t.Errorf("SaveAll: %v; want a *NotSavedError of one session", err)
	}
	wantData(t, s, "good", "good")
	wantData(t, s, "fine", "fine")
	if left, err := filepath.Glob(filepath.Join(s.dir, unfinished+"*")); len(left) > 0 || err != nil {
		t.Errorf("unfinished files are left behind: %q, %v", left, err)
	}
}

func TestSweepRemovesWhatHasExpired(t *testing.T) {
	s := openAt(t, t.TempDir())
	saved(t, s, "long", time.Hour)
	saved(t, s, "short", time.Millisecond)
	for data := []byte("x"); data != nil; {
		var err error
		if data, err = s.Load(t.Context(), "short"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(s.dir)
	if err != nil || len(files) != 1 || files[0].Name() != filepath.Base(s.path("long")) {
		t.Errorf("%d files are left, %v; want that of the session that lives", len(files), err)
	}
}

func TestStoreOpensByURL(t *testing.T) {
	dir := t.TempDir()
	store, err := session.ParseStoreURL("dir://" + filepath.ToSlash(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"dir:", "dir://host/path", "dir:" + dir + "?sync=off"} {
		if _, err := session.ParseStoreURL(bad); err == nil {
			t.Errorf("%s opens a store", bad)
		}
	}
}
