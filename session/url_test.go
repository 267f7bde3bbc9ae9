package session

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestParseStoreURLMemory(t *testing.T) {
	for _, raw := range []string{"memory:", "memory://", "MEMORY:"} {
		store, err := ParseStoreURL(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if _, ok := store.(*MemoryStore); !ok {
			t.Errorf("%s: a %T", raw, store)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestParseStoreURLRefuses(t *testing.T) {
	for raw, wants := range map[string][]string{
		"":                          {"no scheme", "memory:"},
		"memory":                    {"no scheme"},
		"/var/lib/a.db":             {"no scheme"},
		":memory:":                  {"no scheme"},
		"1a:x":                      {"no scheme"},
		"memory:x":                  {"nothing may follow"},
		"memory:///x":               {"nothing may follow"},
		"memory://u:secret@":        {"nothing may follow"},
		"memory:?size=1":            {"unknown query parameter size", "none"},
		"memory:?a=1;b=2":           {"malformed query"},
		"memory:?u:p@secret=1":      {"unknown query parameter (this"},
		"memory:%zz?a":              {"nothing may follow"},
		"memory://h:%zz":            {"malformed memory URL"},
		"bogus://x":                 {"unknown scheme (", "memory:", "drivers/all"},
		"bob:secret@host/db":        {"unknown scheme ("},
		"nats://secret@host":        {"unknown scheme (", "limpet/drivers/all"},
		"redis+cluster://secret@h":  {"unknown scheme redis+cluster", "limpet/drivers/redis"},
		"postgresql://u:secret@h/d": {"unknown scheme postgresql", "limpet/drivers/postgres"},
		"mariadb://u:secret@h/d":    {"unknown scheme mariadb", "limpet/drivers/mysql"},
		"sqlite:a.db":               {"unknown scheme sqlite", "limpet/drivers/sqlite"},
	} {
		store, err := ParseStoreURL(raw)
		if err == nil || store != nil {
			t.Errorf("%s: no error", raw)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q lacks %q", raw, err, want)
			}
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "bob") {
			t.Errorf("%s: error %q repeats the user information", raw, err)
		}
	}
}

func TestRegisterStoreScheme(t *testing.T) {
	none := errors.New("no such place")
	open := func(*url.URL) (SessionStore, error) { return nil, none }
	if err := RegisterStoreScheme("test-register", open); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the registry outlives the test, which may run again
		storeSchemes.Lock()
		defer storeSchemes.Unlock()
		delete(storeSchemes.open, "test-register")
	})
	if _, err := ParseStoreURL("Test-Register://x"); !errors.Is(err, none) {
		t.Errorf("error %v, want the opener's", err)
	}
	for what, err := range map[string]error{
		"twice":        RegisterStoreScheme("test-register", open),
		"built in":     RegisterStoreScheme("memory", open),
		"nil opener":   RegisterStoreScheme("test-nil", nil),
		"empty":        RegisterStoreScheme("", open),
		"upper case":   RegisterStoreScheme("Test", open),
		"with a colon": RegisterStoreScheme("test:", open),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// An opener that is careless with its error must not give the password away.
func TestParseStoreURLWithholdsThePassword(t *testing.T) {
	registerCareless(t)
	_, err := ParseStoreURL("test-careless://u:hun%20ter2@host")
	if err == nil || strings.Contains(err.Error(), "ter2") || !errors.Is(err, errCareless) {
		t.Errorf("error %q, want errCareless without its text", err)
	}
}

var errCareless = errors.New("careless")

func registerCareless(t testing.TB) {
	t.Helper()
	err := RegisterStoreScheme("test-careless", func(u *url.URL) (SessionStore, error) {
		password, _ := u.User.Password()
		return nil, fmt.Errorf("%w: user %s, password %s", errCareless, u.User, password)
	})
	if err != nil && !strings.Contains(err.Error(), "already registered") {
		t.Fatal(err)
	}
}

// FuzzParseStoreURL puts a password into URLs of every shape: parsing never panics and no error repeats it.
func FuzzParseStoreURL(f *testing.F) {
	registerCareless(f)
	const password = "hunter2-s3cr3t"
	for _, seed := range []string{
		"memory:", "memory://u:PW@", "sqlite:///a/b.db?key=PW", "redis://:PW@host:6379/0", "test-careless://u:PW@h:x/",
		"postgres://u:PW@h:port/d", "postgres://u:PW?x@h", "mysql://u:PW#x@h", "test-careless://u:%zzPW@h", "u:PW@host", "PW:", "nats:PW",
		"test-careless://u:PW@h/?x=PW&PW=x", "memory:?PW@", "memory:?PW", "test-careless://u:PW%00@h", "test-careless://u:P%57@h", "://PW@",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		store, err := ParseStoreURL(strings.ReplaceAll(shape, "PW", password))
		if err != nil {
			if strings.Contains(err.Error(), password) {
				t.Fatalf("the error %q repeats the password", err)
			}
			return
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
