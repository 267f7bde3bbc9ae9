package bench

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/limpet-go/limpet/bench/peers"
	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/drivers/sqlite"
	"github.com/limpet-go/limpet/session"
)

const (
	full   = sqlite.Full
	normal = sqlite.Normal
)

// openSQLite gives each contender a file of its own, with WAL and a busy timeout of five seconds. "direct" is Limpet's
// store without a Manager: it groups the writes of many callers itself.
func openSQLite(tb testing.TB, level sqlite.Synchronous) *engine {
	dir := tb.TempDir()
	e := &engine{}
	db := openSQLiteDB(tb, filepath.Join(dir, "plain.db"), level)
	p, err := plain.NewSQL(db, session.DialectSQLite)
	e.add(tb, "plain", p, err)
	s, err := sqlite.Open(filepath.Join(dir, "limpet.db"), sqlite.WithSynchronous(level))
	e.add(tb, "limpet", newThroughManager(s), err)
	direct, err := sqlite.Open(filepath.Join(dir, "direct.db"), sqlite.WithSynchronous(level))
	e.add(tb, "direct", direct, err)
	scs, err := peers.NewSCSSQL(openSQLiteDB(tb, filepath.Join(dir, "scs.db"), level), session.DialectSQLite)
	e.add(tb, "scs", scs, err)
	e.empty = func(testing.TB) {}
	return e
}

// openSQLiteDB opens a file the way Limpet's driver does, for the others.
func openSQLiteDB(tb testing.TB, path string, level sqlite.Synchronous) *sql.DB {
	params := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", fmt.Sprintf("synchronous(%s)", map[sqlite.Synchronous]string{full: "FULL", normal: "NORMAL"}[level])},
	}
	db, err := sql.Open("sqlite", "file:"+path+"?"+params.Encode())
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return db
}

// BenchmarkSQLite saves with synchronous=FULL, under which every transaction waits for the disk.
func BenchmarkSQLite(b *testing.B) {
	e := openSQLite(b, full)
	defer e.close(b)
	benchmarkCrowds(b, e, 128, 1024)
}

// BenchmarkSQLiteNormal saves with synchronous=NORMAL.
func BenchmarkSQLiteNormal(b *testing.B) {
	e := openSQLite(b, normal)
	defer e.close(b)
	benchmarkCrowds(b, e, 128, 1024)
}
