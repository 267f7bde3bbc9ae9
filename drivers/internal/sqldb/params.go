package sqldb

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Params are a URL's query parameters, of which each is given once. Its errors name the parameter and never its value.
type Params map[string]string

// Choice returns a parameter that is one of several words; def if it is not given.
func (p Params) Choice(name, def string, words ...string) (string, error) {
	value, ok := p[name]
	if !ok {
		return def, nil
	}
	if !slices.Contains(words, value) {
		return "", fmt.Errorf("%s is not one of %s", name, strings.Join(words, ", "))
	}
	return value, nil
}

// Duration returns a parameter that is a number of units, or has a unit of its own as in 1500ms; def if it is not
// given.
func (p Params) Duration(name string, def, unit time.Duration) (time.Duration, error) {
	value, ok := p[name]
	if !ok {
		return def, nil
	}
	if n, err := strconv.ParseInt(value, 10, 32); err == nil && n > 0 {
		return time.Duration(n) * unit, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Millisecond {
		return 0, fmt.Errorf("%s is not a time of a millisecond or more, such as 10s", name)
	}
	return d, nil
}

// Count returns a parameter that is a number from 1 to 10,000; def if it is not given.
func (p Params) Count(name string, def int) (int, error) {
	value, ok := p[name]
	if !ok {
		return def, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 10_000 {
		return 0, fmt.Errorf("%s is not a number from 1 to 10000", name)
	}
	return n, nil
}

// Text returns a parameter that is anything but empty, and may not hold NUL; def if it is not given.
func (p Params) Text(name, def string) (string, error) {
	value, ok := p[name]
	switch {
	case !ok:
		return def, nil
	case value == "":
		return "", fmt.Errorf("%s is empty", name)
	case strings.ContainsRune(value, 0):
		return "", fmt.Errorf("%s is not text", name)
	}
	return value, nil
}

// File returns the content of the file that a parameter names; nil if it is not given.
func (p Params) File(name string) ([]byte, error) {
	path, err := p.Text(name, "")
	if err != nil || path == "" {
		return nil, err
	}
	content, err := os.ReadFile(path)
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err // without the path
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read the file: %w", name, err)
	}
	return content, nil
}
