package postgres

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/session"
)

// noEnvironment takes away what libpq's variables and files would add.
func noEnvironment(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "PG") {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func configOf(t *testing.T, place string) (*target, *pgx.ConnConfig) {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	target, err := parse(u)
	if err != nil {
		t.Fatal(err)
	}
	config, err := target.config()
	if err != nil {
		t.Fatal(err)
	}
	return &target, config
}

func TestURLNamesTheServer(t *testing.T) {
	noEnvironment(t)
	for place, want := range map[string]string{
		"postgres://bob:pass@host/app":                         "bob:pass host:5432/app",
		"postgresql://bob@host:6432/":                          "bob: host:6432/",
		"postgres://b%20b:%2F%27%5C%20%25@host/a%20b":          `b b:/'\ % host:5432/a b`,
		"postgres://bob@[::1]:6432/app":                        "bob: ::1:6432/app",
		"postgres://bob@[::1]/app":                             "bob: ::1:5432/app",
		"postgres://bob@one:1,two,three:3/app":                 "bob: one:1 two:5432 three:3/app",
		"postgres://bob@/app?host=/run/postgresql":             "bob: /run/postgresql:5432/app",
		"postgres://bob@/app?host=/run/postgresql&port=6432":   "bob: /run/postgresql:6432/app",
		"postgres://bob@/app?host=%3A%3A1,%3A%3A2&port=1,2":    "bob: ::1:1 ::2:2/app",
		"postgres://bob@/app?host=one,two&port=6432":           "bob: one:6432 two:6432/app",
		"postgres://bob:host%3Devil@host/app%20host%3Dx?":      "bob:host=evil host:5432/app host=x",
		`postgres://bob%27%5C@host/'%20host='x`:                `bob'\: host:5432/' host='x`,
		"postgres://bob@host/app?search_path=%22Odd%22,public": "bob: host:5432/app",
	} {
		_, config := configOf(t, drivertest.With(t, place, "sslmode", "disable"))
		got := config.User + ":" + config.Password
		for _, host := range hostsOf(config) {
			got += " " + host
		}
		if got += "/" + config.Database; got != want {
			t.Errorf("%s: %s, want %s", place, got, want)
		}
		if config.Password != "" && strings.Contains(config.ConnString(), config.Password) {
			t.Errorf("%s: the client keeps the password in its connection string", place)
		}
	}
}

func hostsOf(config *pgx.ConnConfig) []string {
	list := []string{fmt.Sprint(config.Host, ":", config.Port)}
	for _, next := range config.Fallbacks {
		list = append(list, fmt.Sprint(next.Host, ":", next.Port))
	}
	return list
}

func TestURLParameters(t *testing.T) {
	noEnvironment(t)
	target, config := configOf(t, "postgres://host/app?sslmode=disable")
	if config.RuntimeParams["application_name"] != "limpet" || config.ConnectTimeout != 5*time.Second || target.maxConns != 10 {
		t.Errorf("defaults: %v, %v, %d connections", config.RuntimeParams, config.ConnectTimeout, target.maxConns)
	}
	if config.ValidateConnect != nil || config.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement || len(config.RuntimeParams) != 1 {
		t.Errorf("more is set than the URL says: %v", config.RuntimeParams)
	}
	target, config = configOf(t, "postgres://host/app?sslmode=disable&application_name=shop&connect_timeout=2500ms&statement_timeout=1m"+
		"&search_path=%22a%27b%22&target_session_attrs=primary&default_query_exec_mode=exec&max_conns=3&table=a.b")
	if config.ConnectTimeout != 2500*time.Millisecond || target.maxConns != 3 || len(target.store) != 1 {
		t.Errorf("%v, %d connections, %d options", config.ConnectTimeout, target.maxConns, len(target.store))
	}
	for name, want := range map[string]string{"application_name": "shop", "statement_timeout": "60000", "search_path": `"a'b"`} {
		if got := config.RuntimeParams[name]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if config.ValidateConnect == nil || config.DefaultQueryExecMode != pgx.QueryExecModeExec {
		t.Error("target_session_attrs or default_query_exec_mode has no effect")
	}
	if _, config = configOf(t, "postgres://one,two/app?sslmode=disable"); config.ValidateConnect == nil {
		t.Error("of several hosts one that cannot be written to will do")
	}
	if _, config = configOf(t, "postgres://host/app?sslmode=verify-full"); config.TLSConfig.ServerName != "host" || config.TLSConfig.InsecureSkipVerify || len(config.Fallbacks) > 0 {
		t.Error("verify-full does not verify")
	}
	if _, config = configOf(t, "postgres://host/app"); config.TLSConfig == nil || len(config.Fallbacks) != 1 {
		t.Error("the default is not prefer")
	}
}

func TestEnvironmentFillsWhatTheURLLeavesOut(t *testing.T) {
	noEnvironment(t)
	t.Setenv("PGPASSWORD", "from the environment")
	t.Setenv("PGUSER", "alice")
	if _, config := configOf(t, "postgres://host/app?sslmode=disable"); config.Password != "from the environment" || config.User != "alice" {
		t.Errorf("user %s, password %s", config.User, config.Password)
	}
	if _, config := configOf(t, "postgres://bob:mine@host/app?sslmode=disable"); config.Password != "mine" || config.User != "bob" {
		t.Errorf("user %s, password %s", config.User, config.Password)
	}
}

const secret = "hunter2"

// refusedURLs are URLs, and what the error says of each.
var refusedURLs = map[string]string{
	"postgres:bob:" + secret + "@host/app":                  "no // after the scheme",
	"postgres://bob:" + secret + "@host:port/app":           "malformed",
	"postgres://bob:" + secret + "/x@host/app":              "malformed",
	"postgres://bob:4/" + secret + "@host/app":              "must be written %2F",
	"postgres://bob:4?" + secret + "@host/app":              "unknown query parameter",
	"postgres://bob:4#" + secret + "@host/app":              "must be written %23",
	"postgres://bob:" + secret + "%00@host/app":             "not text",
	"postgres://host/app%00" + secret:                       "not text",
	"postgres://host:0/app":                                 "a port is not",
	"postgres://one:1,two:99999/app":                        "a port is not",
	"postgres://one:1,::2:3/app":                            "not host:port,host:port",
	"postgres://host/app?host=" + secret:                    "named twice",
	"postgres:///app?host=a,b,c&port=1,2":                   "as many ports",
	"postgres:///app?host=a&port=" + secret:                 "a port is not",
	"postgres://host/app?password=" + secret:                "unknown query parameter password",
	"postgres://host/app?pool_max_conns=3":                  "unknown query parameter",
	"postgres://host/app?sslmode=" + secret:                 "sslmode is not one of disable, allow",
	"postgres://host/app?sslmode=disable&sslmode=disable":   "sslmode is given 2 times",
	"postgres://host/app?sslrootcert=/" + secret + ".pem":   "sslrootcert: cannot read the file: no such file",
	"postgres://host/app?sslcert=" + secret + "&sslkey=x":   "sslcert: cannot read the file: no such file",
	"postgres://host/app?max_conns=" + secret:               "max_conns is not a number",
	"postgres://host/app?max_conns=0":                       "max_conns is not a number",
	"postgres://host/app?connect_timeout=" + secret:         "connect_timeout is not a time",
	"postgres://host/app?connect_timeout=0":                 "connect_timeout is not a time",
	"postgres://host/app?connect_timeout=2000000h":          "connect_timeout is longer than an hour",
	"postgres://host/app?statement_timeout=-1s":             "statement_timeout is not a time",
	"postgres://host/app?target_session_attrs=standby":      "target_session_attrs is not one of any, read-write, primary",
	"postgres://host/app?default_query_exec_mode=" + secret: "default_query_exec_mode is not one of",
	"postgres://host/app?search_path=":                      "search_path is empty",
	"postgres://host/app?application_name=%00":              "application_name is not text",
	"postgres://host/app?table=a.b.c":                       "more than two parts",
	"postgres://host/app?table=":                            "table is empty",
}

func TestURLRefuses(t *testing.T) {
	noEnvironment(t)
	for place, want := range refusedURLs {
		for name, open := range map[string]func(string) (session.SessionStore, error){
			"ParseStoreURL": session.ParseStoreURL,
			"Open": func(place string) (session.SessionStore, error) {
				store, err := Open(place)
				if store != nil {
					return store, err
				}
				return nil, err
			},
		} {
			store, err := open(place)
			if err == nil || store != nil {
				t.Errorf("%s(%s): no error", name, place)
				continue
			}
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s(%s): error %q, want %q in it and no secret", name, place, err, want)
			}
		}
	}
}

// net/url takes all of the hosts for one, so that only the last may have no port.
func TestOpenSaysThatTheLastHostNeedsAPort(t *testing.T) {
	for _, place := range []string{"postgres://one:1,two/app", "postgres://bob:" + secret + "@one:5432,two/app"} {
		if _, err := Open(place); err == nil || !strings.Contains(err.Error(), "the last of several hosts needs its port") || strings.Contains(err.Error(), secret) {
			t.Errorf("%v", err)
		}
	}
}

func TestOpenRefusesOtherSchemes(t *testing.T) {
	for _, place := range []string{"", "host/app", "mysql://bob:" + secret + "@host/app", "user=bob password=" + secret, secret + "://host"} {
		if store, err := Open(place); err == nil || store != nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", place, err)
		}
	}
}

// The client reads files of its own choice: what is wrong with them must not bring the connection string to light.
func TestClientErrorsAreWithoutTheURL(t *testing.T) {
	noEnvironment(t)
	bad := filepath.Join(t.TempDir(), secret+".pem")
	if err := os.WriteFile(bad, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	query := url.Values{"sslrootcert": {bad}, "sslmode": {"verify-full"}}
	pair := url.Values{"sslcert": {bad}, "sslkey": {bad}, "sslmode": {"require"}}
	var places []string
	for _, q := range []url.Values{query, pair} {
		places = append(places, "postgres://bob:"+secret+"@host/app?"+q.Encode())
	}
	for _, place := range slices.Concat(places, []string{"postgres://bob:" + secret + "@host/app"}) {
		if strings.HasSuffix(place, "/app") {
			t.Setenv("PGSSLMODE", secret)
		}
		_, err := Open(place)
		if err == nil || !strings.Contains(err.Error(), "client settings") || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "bob") {
			t.Errorf("error %v", err)
		}
	}
}
