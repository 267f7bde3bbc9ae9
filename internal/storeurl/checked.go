package storeurl

import "errors"

// Checked marks an error as one whose text repeats nothing of a URL's user information, whatever that looks like. A name
// or password that is an everyday word is in many texts that do not give it away.
func Checked(err error) error {
	if err == nil {
		return nil
	}
	return checkedError{err}
}

// IsChecked reports whether the error, or what it wraps, is marked.
func IsChecked(err error) bool {
	var checked checkedError
	return errors.As(err, &checked)
}

type checkedError struct{ error }

func (e checkedError) Unwrap() error { return e.error }
