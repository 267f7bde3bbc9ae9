package dirstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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
	half := []byte("half a record, of a process that was killed")
	if err := os.WriteFile(filepath.Join(dir, "new"), half, 0o600); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, dir)
	wantData(t, s, "a", "a")
	saved(t, s, "b", time.Hour)
	wantData(t, s, "b", "b")
	if files, err := os.ReadDir(dir); len(files) != 2 || err != nil {
		t.Errorf("there are %d files, %v; want those of two sessions", len(files), err)
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

// A call that waits for a channel stands for one that waits for a disk. In the bubble no time is lost, and a goroutine that
// stays behind is a failure.
func TestCallsEndAlthoughTheDiskDoesNotAnswer(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, dir)
		saved(t, s, "a", time.Hour)
		disk := make(chan struct{})
		stuck := func() error { <-disk; return nil }
		began := time.Now()
		for call, err := range map[string]error{
			"the one that uses the disk": s.do(context.Background(), "wait", stuck),
			"the next one":               s.Delete(context.Background(), "a"),
		} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v; want context.DeadlineExceeded", call, err)
			}
		}
		if took := time.Since(began); took != 2*callTimeout {
			t.Errorf("two calls took %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		late := make(chan error)
		go func() { late <- s.Save(ctx, "a", []byte("late"), time.Now().Add(time.Hour)) }()
		synctest.Wait()
		cancel()
		if err := <-late; !errors.Is(err, context.Canceled) {
			t.Errorf("Save: %v; want context.Canceled", err)
		}
		close(disk)
		wantData(t, s, "a", "a") // none of those that waited was begun after its caller had given up
	})
}

func TestCloseWaitsForTheCallThatUsesTheDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, dir)
		disk, closed := make(chan struct{}), make(chan error, 1)
		go func() { _ = s.do(t.Context(), "wait", func() error { <-disk; return nil }) }()
		synctest.Wait()
		waiting := make(chan error, 1)
		go func() { waiting <- s.Delete(t.Context(), "a") }()
		synctest.Wait()
		go func() { closed <- s.Close() }()
		synctest.Wait()
		if len(closed) > 0 {
			t.Error("Close did not wait")
		}
		close(disk)
		if err := <-waiting; !errors.Is(err, session.ErrStoreClosed{}) {
			t.Errorf("a call that had not begun: %v; want ErrStoreClosed", err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
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
}

// A countedContext ends when it is asked once more than it may be.
type countedContext struct {
	context.Context
	may int
}

func (c *countedContext) Err() error {
	if c.may--; c.may < 0 {
		return context.Canceled
	}
	return nil
}

func TestSaveAllNamesAllThatWasNotSynced(t *testing.T) {
	s := openAt(t, t.TempDir())
	at := time.Now().Add(time.Hour)
	deadline, cancel := context.WithDeadline(t.Context(), at)
	defer cancel()
	ctx := &countedContext{deadline, 2} // one question for each session, and the third before the sync
	err := s.SaveAll(ctx, map[string]session.SessionData{"b": {ExpiresAt: at}, "a": {ExpiresAt: at}})
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) || !slices.Equal(unsaved.SessionIDs, []string{"a", "b"}) || !errors.Is(err, context.Canceled) {
		t.Errorf("SaveAll: %v; want a *NotSavedError of both sessions", err)
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
