package mysql

import (
	"bytes"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// A table that cuts data off, or has no hour for some expiries, is told of when it is opened, until Migrate has mended it.
func TestOpenWarnsOfColumnsThatAreTooNarrow(t *testing.T) {
	for _, c := range []struct {
		data, expiresAt string
		max             int
		want            string
	}{
		{"BLOB", "TIMESTAMP", 0, "data, expires_at"},
		{"BLOB", "DATETIME", 65535, ""},
		{"MEDIUMBLOB", "DATETIME", 0, ""},
		{"MEDIUMBLOB", "DATETIME", -1, "data"},
		{"LONGBLOB", "DATETIME", -1, ""},
	} {
		place := ownDatabase(t)
		exec(t, plainDB(t, place), fmt.Sprintf(`CREATE TABLE vango_sessions (id VARCHAR(64) PRIMARY KEY, data %s NOT NULL, expires_at %s NOT NULL,
			created_at DATETIME DEFAULT NOW(), updated_at DATETIME DEFAULT NOW())`, c.data, c.expiresAt))
		store, log := openLogged(t, place, session.WithSQLMaxBytes(c.max))
		if err := store.CreateTable(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := min(1, len(c.want)); strings.Count(log.String(), "run Migrate") != want || !strings.Contains(log.String(), c.want) {
			t.Errorf("%+v: logged %q, want %d lines", c, log, want)
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, log := openLogged(t, place, session.WithSQLMaxBytes(c.max)); log.Len() > 0 {
			t.Errorf("%+v: logged after Migrate %q", c, log)
		}
	}
}

// openLogged opens a store, and what it logs is found in the buffer from then on, until the test ends.
func openLogged(t *testing.T, place string, opts ...session.SQLStoreOption) (*session.SQLStore, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return engine.Store(t, place, opts...), &log
}

// A server ends the connection of a client that sends more than it takes, and may not get to say why.
func TestBatchesOnServersThatTakeLittle(t *testing.T) {
	t.Parallel()
	for _, most := range []string{"4M", "2M", "1M"} {
		server := testserver.StartMySQL(t, "--max-allowed-packet="+most)
		owned := engine.Store(t, server.URL())
		for name, store := range map[string]*session.SQLStore{"driver": owned, "plain": plainStore(t, plainDB(t, server.URL()))} {
			for _, size := range []int{2_000, 60_000, 400_000} {
				batch := map[string]session.SessionData{}
				for i := range 8_000_000 / size {
					batch[fmt.Sprint(i)] = session.SessionData{Data: make([]byte, size), ExpiresAt: time.Now().Add(time.Hour)}
				}
				if err := store.SaveAll(t.Context(), batch); err != nil {
					t.Errorf("%s, at most %s: SaveAll of %d bytes each: %.200v", name, most, size, err)
				}
				if err := store.SaveAllAtomic(t.Context(), batch); most != "1M" && err != nil {
					t.Errorf("%s, at most %s: SaveAllAtomic of %d bytes each: %.200v", name, most, size, err)
				}
			}
		}
	}
}

func plainStore(t *testing.T, db *sql.DB) *session.SQLStore {
	t.Helper()
	return sqltest.Engine{Dialect: session.DialectMySQL}.Store(t, db, session.WithSQLCleanupInterval(-1))
}
