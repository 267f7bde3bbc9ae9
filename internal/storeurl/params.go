// Package storeurl checks the parts of a store URL that no store may ignore. Its errors never repeat user
// information, and a parameter's value never, since either may be a password.
package storeurl

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Params returns the query parameters of u. One that is not among the known, or is given twice, is an error, so
// that a misspelt setting is not silently without effect.
func Params(u *url.URL, known ...string) (map[string]string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("malformed query parameters")
	}
	params := make(map[string]string, len(query))
	for name, values := range query {
		if !slices.Contains(known, name) {
			return nil, unknownParam(u, name, known)
		}
		if len(values) > 1 {
			return nil, fmt.Errorf("query parameter %s is given %d times", name, len(values))
		}
		params[name] = values[0]
	}
	return params, nil
}

func unknownParam(u *url.URL, name string, known []string) error {
	shown := "unknown query parameter"
	if plain(name) && !strings.Contains(u.RawQuery, "@") {
		shown += " " + name
	}
	if len(known) == 0 {
		return errors.New(shown + " (this scheme has none)")
	}
	return errors.New(shown + " (known: " + strings.Join(known, ", ") + ")")
}

// plain reports whether a parameter's name looks like one. What stands behind a question mark that was not
// escaped in a password looks like a parameter too; an @ after it gives that away.
func plain(name string) bool {
	return len(name) > 0 && len(name) <= 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_-") == ""
}
