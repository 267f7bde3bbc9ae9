package session

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/limpet-go/limpet/internal/storeurl"
)

// StoreOpener opens the store that a URL describes. It refuses query parameters that it does not know, and its
// errors name neither the URL's user information nor anything else that is secret; what a server says may name a table or
// a schema. The store it returns owns what it
// opened: closing the store closes that too.
type StoreOpener func(u *url.URL) (SessionStore, error)

// storeSchemes is the one registry of this package; drivers fill it when they are imported.
var storeSchemes = struct {
	sync.RWMutex
	open map[string]StoreOpener
}{open: map[string]StoreOpener{"memory": openMemoryURL}}

// driverPackages says which package registers a scheme, for the error about a missing one.
var driverPackages = map[string]string{
	"sqlite":         "sqlite",
	"postgres":       "postgres",
	"postgresql":     "postgres",
	"mysql":          "mysql",
	"mariadb":        "mysql",
	"redis":          "redis",
	"rediss":         "redis",
	"redis+cluster":  "redis",
	"rediss+cluster": "redis",
}

const driversModule = "github.com/limpet-go/limpet/drivers/"

// RegisterStoreScheme makes ParseStoreURL open URLs of a scheme. Drivers call it while they are initialised. An
// invalid scheme, a nil opener, and a scheme that already has an opener are errors that change nothing. It is safe
// for concurrent use.
func RegisterStoreScheme(scheme string, open StoreOpener) error {
	if !validScheme(scheme) {
		return errors.New("session: register store scheme: not a URL scheme in lower case")
	}
	if open == nil {
		return fmt.Errorf("session: register store scheme %s: nil opener", scheme)
	}
	storeSchemes.Lock()
	defer storeSchemes.Unlock()
	if storeSchemes.open[scheme] != nil {
		return fmt.Errorf("session: register store scheme %s: already registered", scheme)
	}
	storeSchemes.open[scheme] = open
	return nil
}

// ParseStoreURL opens the store a URL describes. "memory:" is built in; importing a driver package adds its schemes,
// github.com/limpet-go/limpet/drivers/all those of every driver. Close the store to release what it opened.
//
// An unknown scheme is an error that lists the known ones and the import that adds it. Unknown query parameters are
// errors. No error's text repeats the URL or its user information, nor anything else that is secret. What a server says,
// and what is in the way of a store, may have the name of a table or schema in it.
func ParseStoreURL(raw string) (SessionStore, error) {
	scheme, _, ok := strings.Cut(raw, ":")
	scheme = strings.ToLower(scheme)
	if !ok || !validScheme(scheme) {
		return nil, fmt.Errorf("session: store URL: no scheme (known: %s)", knownSchemes())
	}
	storeSchemes.RLock()
	open := storeSchemes.open[scheme]
	storeSchemes.RUnlock()
	if open == nil {
		return nil, unknownScheme(scheme)
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's error quotes what it could not parse, which may be a password.
		return nil, fmt.Errorf("session: store URL: malformed %s URL (special characters must be percent-encoded)", scheme)
	}
	store, err := open(u)
	if err != nil {
		return nil, openError(scheme, u, err)
	}
	return store, nil
}

func openMemoryURL(u *url.URL) (SessionStore, error) {
	if u.Opaque != "" || u.Host != "" || u.Path != "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("nothing may follow the scheme")
	}
	if _, err := storeurl.Params(u); err != nil {
		return nil, err
	}
	return NewMemoryStore(), nil
}

// unknownScheme names the scheme only if it is one that a driver could add: what stands before the colon of a URL
// that lacks its scheme is a user name.
func unknownScheme(scheme string) error {
	pkg, ok := driverPackages[scheme]
	if !ok {
		return fmt.Errorf("session: store URL: unknown scheme (known: %s; more by importing %sall)",
			knownSchemes(), driversModule)
	}
	return fmt.Errorf("session: store URL: unknown scheme %s (known: %s; add it by importing %s%s or %sall)",
		scheme, knownSchemes(), driversModule, pkg, driversModule)
}

func knownSchemes() string {
	storeSchemes.RLock()
	defer storeSchemes.RUnlock()
	names := make([]string, 0, len(storeSchemes.open))
	for name := range storeSchemes.open {
		names = append(names, name+":")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// openError wraps an opener's error. If its text seems to repeat user information all the same, the text is withheld.
func openError(scheme string, u *url.URL, err error) error {
	if u.User != nil && !storeurl.IsChecked(err) && repeatsUser(err.Error(), u.User) {
		return withheldError{scheme: scheme, err: err}
	}
	return fmt.Errorf("session: store URL: open %s store: %w", scheme, err)
}

// repeatsUser looks for the name too: some servers take a token there.
func repeatsUser(text string, user *url.Userinfo) bool {
	password, _ := user.Password()
	encodedName, encodedPassword, _ := strings.Cut(user.String(), ":")
	for _, secret := range []string{user.Username(), password, encodedName, encodedPassword} {
		if secret != "" && strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// withheldError keeps an error for errors.Is and errors.As, and its text to itself.
type withheldError struct {
	scheme string
	err    error
}

func (e withheldError) Error() string {
	return "session: store URL: open " + e.scheme + " store: failed (the cause repeats the URL's user or password and is not shown)"
}

func (e withheldError) Unwrap() error { return e.err }

func validScheme(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}
