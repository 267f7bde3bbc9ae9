package postgres

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
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
	for _, mode := range []string{"disable", "prefer", "verify-full"} {
		drivertest.ServerThatNeverSpeaks(t, engine, "postgres://host/app?sslmode="+mode)
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
	for zone, settings := range map[string][]string{
		"Europe/Berlin": {"TimeZone=America/New_York", "default_transaction_isolation=serializable", "DateStyle=SQL,DMY",
			"IntervalStyle=sql_standard", "bytea_output=escape", "standard_conforming_strings=off", "default_transaction_deferrable=on"},
		"Pacific/Auckland": {"TimeZone=Australia/Lord_Howe", "default_transaction_isolation=repeatable read", "synchronize_seqscans=off",
			"backslash_quote=off", "extra_float_digits=0", "array_nulls=off", "transform_null_equals=on", "plan_cache_mode=force_generic_plan"},
	} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, setting := range settings {
				args = append(args, "-c", setting)
			}
			drivertest.Elsewhere(t, engine, engine.Start(t, args...).URL(), zone)
		})
	}
}

// Poolers and proxies need other ways to send statements.
func TestWaysToSendStatements(t *testing.T) {
	for _, mode := range []string{"cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			place := drivertest.With(t, ownSchema(t), "default_query_exec_mode", mode)
			store := engine.Store(t, place)
			drivertest.CallEverything(t, store)
			drivertest.KeepsBytes(t, store)
		})
	}
}
