package session

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/opscheck"
)

func TestEventsOfAnSQLStore(t *testing.T) {
	log, before := &opscheck.Log{}, slog.Default()
	slog.SetDefault(log.Logger())
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSQL{
			answer: func(_ context.Context, text string) error {
				if strings.HasPrefix(text, "SELECT id") {
					return errors.New("connection refused")
				}
				return nil
			},
			rows: func([]driver.NamedValue) [][]driver.Value { return [][]driver.Value{{"data"}} },
		}
		store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL), WithSQLCleanupInterval(time.Minute))
		store.warnOfTable(t.Context())
		time.Sleep(time.Minute + time.Second)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	events := opscheck.Events(t, ".")
	maps.DeleteFunc(events, func(name, _ string) bool { return name != "eventRowsNotDeleted" && name != "eventNarrowTable" })
	log.Agrees(t, events, opscheck.ReadTable(t, "../docs/operations.md", "### Events of package session"), nil)
}
