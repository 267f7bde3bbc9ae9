package mysql

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/limpet-go/limpet/session"
)

// Option is an option of Open.
type Option func(*options)

type options struct {
	store []session.SQLStoreOption
}

// WithStore passes options on to session.NewSQLStore, after the URL's parameters: where the URL says otherwise, they
// count, and later ones more than earlier ones. The dialect and the owner of the database are Open's.
func WithStore(opts ...session.SQLStoreOption) Option {
	return func(o *options) { o.store = append(o.store, opts...) }
}

// Open opens the store in the database that a URL names, and creates the table in it unless it exists. It fails
// within half a minute if the server cannot be reached or used. Closing the store closes its connections.
//
// The text of its errors holds neither the URL, nor user or password. What a server says, and what is in the way of the
// tables, may have the name of a table or schema in it.
func Open(rawURL string, opts ...Option) (*session.SQLStore, error) {
	store, err := open(rawURL, opts)
	if err != nil {
		return nil, fmt.Errorf("mysql: open store: %w", err)
	}
	return store, nil
}

func open(rawURL string, opts []Option) (*session.SQLStore, error) {
	u, err := url.Parse(rawURL)
	if err != nil { // its text quotes what may be a password
		return nil, errors.New("malformed URL (special characters must be percent-encoded)")
	}
	if u.Scheme != "mysql" && u.Scheme != "mariadb" {
		return nil, errors.New("want a URL that begins with mysql://")
	}
	return openURL(u, opts...)
}
