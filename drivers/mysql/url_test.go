package mysql

import (
	"crypto/tls"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/session"
)

func targetOf(t *testing.T, place string) *target {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	target, err := parse(u)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestURLNamesTheServer(t *testing.T) {
	for place, want := range map[string]string{
		"mysql://bob:pass@host/app":                   "bob:pass tcp host:3306 app",
		"mariadb://bob@host:3307/":                    "bob: tcp host:3307 ",
		"mysql://b%20b:%2F%40%3A%3F%23%25@host/a%2Fb": "b b:/@:?#% tcp host:3306 a/b",
		"mysql://bob@[::1]:3307/app":                  "bob: tcp [::1]:3307 app",
		"mysql://bob@[::1]/app":                       "bob: tcp [::1]:3306 app",
		"mysql://bob@/app":                            "bob: tcp 127.0.0.1:3306 app",
		"mysql:///app":                                ": tcp 127.0.0.1:3306 app",
		"mysql://bob@/app?socket=/run/my.sock":        "bob: unix /run/my.sock app",
	} {
		target := targetOf(t, place)
		if got := target.user + ":" + target.password + " " + target.network + " " + target.address + " " + target.database; got != want {
			t.Errorf("%s: %s, want %s", place, got, want)
		}
	}
}

func TestURLParameters(t *testing.T) {
	target := targetOf(t, "mysql://host/app")
	if target.connectTimeout != 5*time.Second || target.readTimeout != 0 || target.writeTimeout != 0 ||
		target.maxConns != 10 || target.application != "limpet" || len(target.store) > 0 {
		t.Errorf("defaults: %+v", target)
	}
	target = targetOf(t, "mysql://host/app?connect_timeout=2500ms&read_timeout=7&write_timeout=1m&max_conns=3&application_name=shop&table=a.b")
	if target.connectTimeout != 2500*time.Millisecond || target.readTimeout != 7*time.Second || target.writeTimeout != time.Minute ||
		target.maxConns != 3 || target.application != "shop" || len(target.store) != 1 {
		t.Errorf("%+v", target)
	}
}

func TestURLSaysHowConnectionsAreSecured(t *testing.T) {
	type want struct{ used, verified, optional bool }
	for query, want := range map[string]want{
		"":                   {used: true, optional: true},
		"tls=preferred":      {used: true, optional: true},
		"tls=true":           {used: true, verified: true},
		"tls=false":          {},
		"socket=/a":          {},
		"socket=/a&tls=true": {used: true, verified: true},
		"tls_ca=" + drivertest.StrangeAuthority(t): {used: true, verified: true},
	} {
		place := "mysql://host/app?" + query
		if strings.HasPrefix(query, "socket") {
			place = "mysql:///app?" + query
		}
		got := targetOf(t, place).tls
		if (got.config != nil) != want.used || got.optional != want.optional || want.used && got.config.InsecureSkipVerify == want.verified {
			t.Errorf("%s: %+v, want %+v", query, got, want)
		}
		if want.used && got.config.MinVersion < tls.VersionTLS12 {
			t.Errorf("%s: versions of TLS that are broken will do", query)
		}
	}
}

const secret = "hunter2"

// refusedURLs are URLs, and what the error says of each.
var refusedURLs = map[string]string{
	"mysql:bob:" + secret + "@host/app":               "no // after the scheme",
	"mysql://bob:" + secret + "@host:port/app":        "malformed",
	"mysql://bob:" + secret + "/x@host/app":           "malformed",
	"mysql://bob:4/" + secret + "@host/app":           "must be written %2F",
	"mysql://bob:4?" + secret + "@host/app":           "unknown query parameter",
	"mysql://bob:4#" + secret + "@host/app":           "must be written %23",
	"mysql://bob:" + secret + "%00@host/app":          "not text",
	"mysql://host/app%00" + secret:                    "not text",
	"mysql://host:0/app":                              "the port is not",
	"mysql://host:99999/app":                          "the port is not",
	"mysql://one,two/app":                             "the host is not one",
	"mysql://tcp(host:3306)/app":                      "malformed",
	"mysql://host/app?socket=" + secret:               "named twice",
	"mysql:///app?socket=":                            "socket is empty",
	"mysql://host/app?password=" + secret:             "unknown query parameter password",
	"mysql://host/app?parseTime=true":                 "unknown query parameter",
	"mysql://host/app?tls=" + secret:                  "tls is not one of false, preferred",
	"mysql://host/app?tls=true&tls=true":              "tls is given 2 times",
	"mysql://host/app?tls=skip-verify":                "with tls_ca",
	"mysql://host/app?tls_ca=/" + secret + ".pem":     "tls_ca: cannot read the file: no such file",
	"mysql://host/app?tls_cert=" + secret:             "tls_cert and tls_key go together",
	"mysql://host/app?tls_cert=x&tls_key=" + secret:   "tls_cert: cannot read the file: no such file",
	"mysql://host/app?max_conns=" + secret:            "max_conns is not a number",
	"mysql://host/app?max_conns=10001":                "max_conns is not a number",
	"mysql://host/app?connect_timeout=" + secret:      "connect_timeout is not a time",
	"mysql://host/app?read_timeout=0":                 "read_timeout is not a time",
	"mysql://host/app?write_timeout=1us":              "write_timeout is not a time",
	"mysql://host/app?application_name=a,b:" + secret: "application_name holds",
	"mysql://host/app?table=a.b." + secret:            "more than two parts",
	"mysql://host/app?table=." + secret:               "an empty part",
	"mysql://host/app?table=":                         "table is empty",
}

func TestURLRefuses(t *testing.T) {
	for place, want := range refusedURLs {
		wantRefused(t, place, want)
	}
}

func TestOpenRefusesOtherSchemes(t *testing.T) {
	for _, place := range []string{"", "host/app", "postgres://bob:" + secret + "@host/app", "bob:" + secret + "@tcp(host)/app", secret + "://host"} {
		if store, err := Open(place); err == nil || store != nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", place, err)
		}
	}
}

func TestFilesThatAreNoCertificates(t *testing.T) {
	bad := filepath.Join(t.TempDir(), secret+".pem")
	if err := os.WriteFile(bad, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	at := url.QueryEscape(bad)
	wantRefused(t, "mysql://bob@host/app?tls_ca="+at, "tls_ca: no certificate in the file")
	wantRefused(t, "mysql://bob@host/app?tls_cert="+at+"&tls_key="+at, "not a certificate and its key")
	wantRefused(t, "mysql://bob@host/app?tls=preferred&tls_ca="+url.QueryEscape(drivertest.StrangeAuthority(t)), "tls_ca has no effect")
}

// wantRefused opens a URL in both ways; the error says what is wanted, and neither user nor secret.
func wantRefused(t *testing.T, place, want string) {
	t.Helper()
	_, openErr := Open(place)
	_, urlErr := session.ParseStoreURL(place)
	for _, err := range []error{openErr, urlErr} {
		if err == nil {
			t.Errorf("%s: no error, want %s", place, want)
			continue
		}
		if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, secret) || strings.Contains(text, "bob") {
			t.Errorf("%s: error %q, want %q in it and nothing of the user", place, text, want)
		}
	}
}
