package mysql

import (
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, engine.Another, engine.Options())
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	drivertest.BadRows(t, engine)
}

func TestIdleConnectionKilled(t *testing.T) {
	t.Parallel()
	drivertest.IdleConnectionKilled(t, engine)
}

func TestKilledWhileWaiting(t *testing.T) {
	t.Parallel()
	drivertest.KilledWhileWaiting(t, engine)
}

func TestServerThatNeverSpeaks(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"false", "preferred", "true"} {
		drivertest.ServerThatNeverSpeaks(t, engine, "mysql://host/app?tls="+mode)
	}
}

func TestStallAtCommit(t *testing.T) {
	t.Parallel()
	drivertest.StallAtCommit(t, engine)
}

func TestExpiryIsExact(t *testing.T) {
	t.Parallel()
	drivertest.ExpiryIsExact(t, engine)
}

// The settings are those that differ most from what a server has out of the box, or that an owner may have set for others.
func TestServersAreNotAllAlike(t *testing.T) {
	for zone, args := range map[string][]string{
		"Europe/Berlin": {"--transaction-isolation=SERIALIZABLE", "--sql-mode=TRADITIONAL,ANSI,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY",
			"--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"},
		"Pacific/Auckland": {"--transaction-isolation=READ-COMMITTED", "--sql-mode=", "--character-set-server=latin1",
			"--collation-server=latin1_swedish_ci", "--innodb-strict-mode=OFF", "--explicit-defaults-for-timestamp=OFF"},
		"America/Lima": {"--sql-mode=ORACLE", "--character-set-server=ucs2", "--lower-case-table-names=1"},
	} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			server := engine.Start(t, args...)
			useZone(t, server, "Australia/Lord_Howe")
			drivertest.Elsewhere(t, engine, server.URL(), zone)
		})
	}
}

// What was acknowledged stays, whatever the server's idea of where a transaction begins and ends.
func TestWritesAreCommitted(t *testing.T) {
	for _, args := range [][]string{{"--autocommit=0"}, {"--completion-type=CHAIN"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			place := engine.Start(t, args...).URL()
			store, err := Open(place)
			if err != nil {
				t.Fatal(err)
			}
			batch := map[string]session.SessionData{}
			for i := range 150 { // more than one statement
				batch[fmt.Sprint("s", i)] = session.SessionData{Data: []byte("all"), ExpiresAt: time.Now().Add(time.Hour)}
			}
			if err := store.SaveAllAtomic(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			sqltest.Save(t, store, "after", "one")
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			again := engine.Store(t, place)
			sqltest.WantLoad(t, again, "s149", "all")
			sqltest.WantLoad(t, again, "after", "one")
		})
	}
}

// useZone teaches a server a zone, with what its clocks do next, and makes it the zone of all new connections.
func useZone(t *testing.T, server *testserver.Server, name string) {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	db := plainDB(t, server.URL())
	exec(t, db, `INSERT INTO mysql.time_zone (Time_zone_id) VALUES (7000)`,
		`INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Test/Zone', 7000)`)
	at := time.Now().AddDate(-2, 0, 0)
	for i := range 8 {
		local := at.In(zone)
		_, offset := local.Zone()
		exec(t, db, fmt.Sprintf(`INSERT INTO mysql.time_zone_transition_type VALUES (7000, %d, %d, 0, 'X%d')`, i, offset, i),
			fmt.Sprintf(`INSERT INTO mysql.time_zone_transition VALUES (7000, %d, %d)`, at.Unix(), i))
		_, at = local.ZoneBounds()
	}
	exec(t, db, `SET GLOBAL time_zone = 'Test/Zone'`)
	shown := sqltest.Query[string](t, plainDB(t, server.URL()), `SELECT CONCAT(@@session.time_zone, ' ', TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW()))`)
	_, offset := time.Now().In(zone).Zone()
	if want := fmt.Sprint("Test/Zone ", offset/60); shown != want {
		t.Fatalf("the server's zone is %s, want %s", shown, want)
	}
}
