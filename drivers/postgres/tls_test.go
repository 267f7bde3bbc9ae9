package postgres

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgresTLS(t)
	db := plainDB(t, server.URL())
	for mode, want := range map[string]bool{
		"disable": false, "allow": false, "prefer": true, "require": true, "verify-ca": true, "verify-full": true,
	} {
		place := drivertest.With(t, server.URL(), "sslmode", mode, "application_name", mode)
		if mode[0] == 'v' {
			place = drivertest.With(t, place, "sslrootcert", server.CAFile())
		}
		sqltest.Save(t, engine.Store(t, place), "s1", "one")
		got := sqltest.Query[bool](t, db, `SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1`, mode)
		if got != want {
			t.Errorf("%s: secured %v, want %v", mode, got, want)
		}
	}
}

func TestUntrustedServersAreRefused(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgresTLS(t)
	place := role(t, server.URL(), secret, `GRANT CREATE ON SCHEMA public TO NAME`)
	verified := drivertest.With(t, place, "sslmode", "verify-full")
	trusting := drivertest.With(t, verified, "sslrootcert", server.CAFile())
	engine.Store(t, trusting)
	wantRefused(t, verified, "certificate")
	wantRefused(t, drivertest.With(t, verified, "sslrootcert", "system"), "certificate")
	wantRefused(t, drivertest.With(t, verified, "sslrootcert", drivertest.StrangeAuthority(t)), "certificate")
	wantRefused(t, drivertest.Proxied(t, trusting), "certificate is valid for")
	engine.Store(t, drivertest.With(t, drivertest.Proxied(t, trusting), "sslmode", "verify-ca"))
	plain := testserver.StartPostgres(t)
	wantRefused(t, drivertest.With(t, role(t, plain.URL(), secret, `GRANT CREATE ON SCHEMA public TO NAME`), "sslmode", "require"), "server refused TLS")
}
