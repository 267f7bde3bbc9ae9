package mysql

import (
	"net/url"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQLTLS(t)
	accepts := func() int {
		return sqltest.Query[int](t, plainDB(t, server.URL()), `SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'ssl_finished_accepts'`)
	}
	for query, want := range map[string]bool{
		"": true, "tls=preferred": true, "tls=false": false, "tls_ca=" + url.QueryEscape(server.CAFile()): true,
	} {
		before := accepts()
		store := engine.Store(t, drivertest.Edit(t, server.URL(), func(u *url.URL) { u.RawQuery = query }))
		sqltest.Save(t, store, "s1", "one")
		if got := accepts() > before; got != want {
			t.Errorf("%s: secured %v, want %v", query, got, want)
		}
	}
}

func TestUntrustedServersAreRefused(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQLTLS(t)
	wantRefused(t, server.URL()+"?tls=true", "certificate")
	wantRefused(t, server.URL()+"?tls_ca="+url.QueryEscape(drivertest.StrangeAuthority(t)), "certificate")
	wantRefused(t, drivertest.Proxied(t, server.URL())+"?tls_ca="+url.QueryEscape(server.CAFile()), "certificate is valid for")
}
