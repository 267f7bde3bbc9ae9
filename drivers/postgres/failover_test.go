package postgres

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
)

// Two servers stand for a primary and a standby: what tells them apart is which of them takes writes.
func TestStoreFindsTheServerThatTakesWrites(t *testing.T) {
	t.Parallel()
	one, two := testserver.StartPostgres(t), testserver.StartPostgres(t)
	onOne, onTwo := engine.Store(t, one.URL()), engine.Store(t, two.URL())
	setReadOnly(t, one, true)
	both := drivertest.Edit(t, one.URL(), func(u *url.URL) { u.Host = one.Addr() + "," + two.Addr() })
	store := engine.Store(t, drivertest.With(t, both, "max_conns", "1"))
	sqltest.Save(t, store, "s1", "two")
	sqltest.WantLoad(t, onTwo, "s1", "two")

	setReadOnly(t, two, true)
	setReadOnly(t, one, false)
	if err := store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour)); err == nil {
		t.Error("Save on a connection to a server that was demoted: no error")
	}
	sqltest.Save(t, store, "s1", "one")
	sqltest.WantLoad(t, onOne, "s1", "one")

	setReadOnly(t, two, false)
	one.Kill(t)
	sqltest.Eventually(t, "the store moves on to the server that lives", func() bool {
		return store.Save(t.Context(), "s1", []byte("again two"), time.Now().Add(time.Hour)) == nil
	})
	sqltest.WantLoad(t, onTwo, "s1", "again two")
}

func setReadOnly(t *testing.T, server *testserver.Server, on bool) {
	t.Helper()
	db := plainDB(t, server.URL())
	exec(t, db, `ALTER SYSTEM SET default_transaction_read_only = `+strconv.FormatBool(on), `SELECT pg_reload_conf()`)
	want := map[bool]string{true: "on", false: "off"}[on]
	sqltest.Eventually(t, "the setting is in effect", func() bool {
		return sqltest.Query[string](t, plainDB(t, server.URL()), `SHOW default_transaction_read_only`) == want
	})
}
