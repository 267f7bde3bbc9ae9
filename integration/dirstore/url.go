package dirstore

import (
	"cmp"
	"errors"
	"log"
	"net/url"

	"github.com/limpet-go/limpet/session"
)

func init() {
	if err := session.RegisterStoreScheme("dir", openURL); err != nil {
		log.Print(err) // somebody else has the scheme
	}
}

// openURL opens dir:///var/lib/app, or dir:app in the working directory.
func openURL(u *url.URL) (session.SessionStore, error) {
	path := cmp.Or(u.Opaque, u.Path)
	switch {
	case u.Host != "" || path == "":
		return nil, errors.New("dirstore: open: want dir:///absolute/path or dir:relative/path")
	case u.RawQuery != "":
		return nil, errors.New("dirstore: open: there are no parameters")
	}
	return Open(path)
}
