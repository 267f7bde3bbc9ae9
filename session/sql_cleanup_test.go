package session

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// warnings gathers what is logged until the test ends.
func warnings(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

func TestSweepIsSilentWhileThereIsNoTable(t *testing.T) {
	for name, exists := range map[string][][]driver.Value{"missing": nil, "there": {{int64(1)}}} {
		log := warnings(t)
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeSQL{
				answer: func(_ context.Context, text string) error {
					if strings.HasPrefix(text, "SELECT id") {
						return errors.New("no such table")
					}
					return nil
				},
				rows: func([]driver.NamedValue) [][]driver.Value { return exists },
			}
			store := sqlStore(t, fake.open(t), WithSQLCleanupInterval(time.Minute))
			time.Sleep(time.Minute + time.Second)
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		if said := strings.Contains(log.String(), "no such table"); said != (exists != nil) {
			t.Errorf("the table is %s: logged %q", name, log)
		}
	}
}
