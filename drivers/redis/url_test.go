package redis

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestURLNamesThePlace(t *testing.T) {
	for raw, want := range map[string]config{
		"redis://h":                     {network: "tcp", addrs: []string{"h:6379"}},
		"redis://h:1/3":                 {network: "tcp", addrs: []string{"h:1"}, database: 3},
		"redis://[::1]:1/":              {network: "tcp", addrs: []string{"[::1]:1"}},
		"redis://[::1]":                 {network: "tcp", addrs: []string{"[::1]:6379"}},
		"redis://u%40:p%2F%23@h":        {network: "tcp", addrs: []string{"h:6379"}, user: "u@", password: "p/#"},
		"redis://:p@h":                  {network: "tcp", addrs: []string{"h:6379"}, password: "p"},
		"redis:///run/r.sock?db=2":      {network: "unix", addrs: []string{"/run/r.sock"}, database: 2},
		"redis://:p@/r%20.sock":         {network: "unix", addrs: []string{"/r .sock"}, password: "p"},
		"redis+cluster://a:1,b:2":       {network: "tcp", addrs: []string{"a:1", "b:2"}, cluster: true},
		"redis+cluster://a/0":           {network: "tcp", addrs: []string{"a:6379"}, cluster: true},
		"redis://a,b:2/1?master_name=m": {network: "tcp", addrs: []string{"a:26379", "b:2"}, master: "m", database: 1},
		"redis://u:p@a?master_name=m&pool_size=7": {
			network: "tcp", addrs: []string{"a:26379"}, master: "m", user: "u", password: "p", poolSize: 7},
		"redis://a?master_name=m&sentinel_user=su&sentinel_password=sp": {
			network: "tcp", addrs: []string{"a:26379"}, master: "m", sentinelUser: "su", sentinelPassword: "sp"},
	} {
		got := parsedFrom(t, raw)
		times := fmt.Sprint(got.dialTimeout, got.readTimeout, got.writeTimeout)
		if times != "5s 3s 3s" || got.tls != nil {
			t.Errorf("%s: defaults %v, TLS %v", raw, times, got.tls)
		}
		if strings.Join(got.addrs, ",") != strings.Join(want.addrs, ",") {
			t.Errorf("%s: addresses %q, want %q", raw, got.addrs, want.addrs)
		}
		got.addrs, want.addrs = nil, nil
		if !sameConfig(got, want) {
			t.Errorf("%s: %+v, want %+v", raw, got, want)
		}
	}
}

// sameConfig compares all but what cannot be compared.
func sameConfig(a, b config) bool {
	return a.network == b.network && a.cluster == b.cluster && a.user == b.user && a.password == b.password &&
		a.database == b.database && a.master == b.master && a.sentinelUser == b.sentinelUser &&
		a.sentinelPassword == b.sentinelPassword && a.poolSize == b.poolSize && len(a.store) == len(b.store)
}

func TestURLSetsTimesAndTLS(t *testing.T) {
	c := parsedFrom(t, "rediss://h?dial_timeout=1500ms&read_timeout=2&write_timeout=1m&tls_server_name=name")
	if c.dialTimeout != 1500*time.Millisecond || c.readTimeout != 2*time.Second || c.writeTimeout != time.Minute {
		t.Errorf("times %v, %v, %v", c.dialTimeout, c.readTimeout, c.writeTimeout)
	}
	for _, raw := range []string{"rediss://h", "rediss+cluster://h"} {
		c := parsedFrom(t, raw)
		if c.tls == nil || c.tls.InsecureSkipVerify || c.tls.ServerName != "" || c.tls.MinVersion < tls.VersionTLS12 {
			t.Errorf("%s: TLS %+v", raw, c.tls)
		}
		if c.cluster != strings.Contains(raw, "cluster") {
			t.Errorf("%s: a Cluster: %v", raw, c.cluster)
		}
	}
	if c.tls.ServerName != "name" || c.tls.InsecureSkipVerify {
		t.Errorf("TLS %+v", c.tls)
	}
}

func TestURLRefuses(t *testing.T) {
	const secret = "hunter2"
	notPEM := filepath.Join(t.TempDir(), "hunter2.pem")
	if err := os.WriteFile(notPEM, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{
		"redis:h":                             "no //",
		"redis:":                              "no host",
		"redis://":                            "no host",
		"redis:///0":                          "no host",
		"redis://hunter2@h":                   "without a password",
		"redis://u:hun/ter2@h":                "",
		"redis://u:p/hunter2@h":               "",
		"redis://u:/hunter2@h":                "%2F",
		"redis://u:hunter2#@h":                "",
		"redis://h/0#hunter2":                 "%23",
		"redis://h:0":                         "host:port",
		"redis://h:hunter2":                   "percent-encoded",
		"redis://h:65536":                     "host:port",
		"redis://,h:1":                        "host:port",
		"redis://h/hunter2":                   "not a number",
		"redis://h/0/1":                       "not a number",
		"redis://h/-1":                        "not a number",
		"redis://h?db=1":                      "db is for sockets",
		"redis:///r.sock?db=hunter2":          "not a number",
		"redis://a:1,b:2":                     "redis+cluster://",
		"redis+cluster://h/1":                 "database 0",
		"redis+cluster:///r.sock":             "single server",
		"rediss:///r.sock":                    "single server",
		"redis:///r.sock?master_name=m":       "single server",
		"redis+cluster://h?master_name=m":     "no Sentinels",
		"redis://h?master_name=":              "master_name is empty",
		"redis://h?sentinel_password=hunter2": "need master_name",
		"redis://h?master_name=m&sentinel_user=hunter2":        "needs sentinel_password",
		"redis://h?pool_size=hunter2":                          "pool_size",
		"redis://h?pool_size=0":                                "pool_size",
		"redis://h?read_timeout=-1s":                           "read_timeout",
		"redis://h?dial_timeout=hunter2":                       "dial_timeout",
		"redis://h?tls_ca=/hunter2":                            "needs TLS",
		"rediss://h?tls_ca=/hunter2":                           "tls_ca: cannot read",
		"rediss://h?tls_ca=" + notPEM:                          "no certificate",
		"rediss://h?tls_cert=" + notPEM:                        "go together",
		"rediss://h?tls_cert=" + notPEM + "&tls_key=" + notPEM: "not a certificate and its key",
		"rediss://h?insecure=true":                             "unknown query parameter insecure",
		"redis://h?prefix=a&prefix=hunter2":                    "2 times",
		"redis://h?password=hunter2":                           "unknown query parameter password",
	} {
		fromURL, err := session.ParseStoreURL(raw)
		direct, openErr := Open(raw)
		if err == nil || fromURL != nil || openErr == nil || direct != nil {
			t.Errorf("%s: no error", raw)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error()+openErr.Error(), secret) {
			t.Errorf("%s: errors %q and %q, want %q and no secret", raw, err, openErr, want)
		}
	}
	if _, err := Open("postgres://u:hunter2@h/x"); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("another scheme: %v", err)
	}
}
