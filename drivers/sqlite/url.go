package sqlite

import (
	"errors"
	"net/url"

	"github.com/limpet-go/limpet/internal/storeurl"
	"github.com/limpet-go/limpet/session"
)

// init registers the scheme. If the program has registered one of that name before, the program's stays.
func init() {
	_ = session.RegisterStoreScheme("sqlite", openURL)
}

func openURL(u *url.URL) (session.SessionStore, error) {
	path, err := filePath(u)
	if err != nil {
		return nil, err
	}
	c, err := configFrom(u)
	if err != nil {
		return nil, err
	}
	store, err := open(path, c)
	if err != nil {
		return nil, err
	}
	return store, nil
}

// filePath is what stands between the scheme and the question mark.
func filePath(u *url.URL) (string, error) {
	switch {
	case u.User != nil:
		return "", errors.New("a file has no user or password")
	case u.Host != "":
		return "", errors.New("a host is named: write sqlite:///dir/file for an absolute path, sqlite:dir/file for a relative one")
	case u.Fragment != "":
		return "", errors.New("a # in a file name must be written %23")
	case u.Opaque != "":
		path, err := url.PathUnescape(u.Opaque)
		if err != nil {
			return "", errors.New("the file name is not percent-encoded")
		}
		return path, nil
	case u.Path == "":
		return "", errors.New("no file name")
	}
	return u.Path, nil
}

func configFrom(u *url.URL) (config, error) {
	var c config
	params, err := storeurl.Params(u, "synchronous", "table")
	if err != nil {
		return c, err
	}
	switch level, ok := params["synchronous"]; {
	case !ok, level == "full":
	case level == "normal":
		c.synchronous = Normal
	default:
		return c, errors.New("synchronous is neither full nor normal")
	}
	if table, ok := params["table"]; ok {
		c.store = append(c.store, session.WithSQLTableName(table))
	}
	return c, nil
}
