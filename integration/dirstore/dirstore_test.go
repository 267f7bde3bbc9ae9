package dirstore

import (
	"testing"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

func open(t *testing.T) session.SessionStore {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, open, storetest.Options{Ping: true})
}
