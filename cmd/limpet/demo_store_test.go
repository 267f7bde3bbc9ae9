package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/live/livetest"
)

func TestDemoOnEveryServer(t *testing.T) {
	for name, store := range map[string]func(testing.TB) string{
		"postgres":      func(t testing.TB) string { return with(t, testserver.Postgres(t), "table") },
		"mysql":         func(t testing.TB) string { return with(t, testserver.MySQL(t), "table") },
		"redis":         func(t testing.TB) string { return with(t, testserver.Redis(t), "prefix") },
		"redis cluster": func(t testing.TB) string { return with(t, testserver.RedisCluster(t), "prefix") },
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			t.Setenv("XDG_STATE_HOME", state)
			demoKeepsTabs(t, store(t), filepath.Join(state, "limpet", "demo.key"))
		})
	}
}

// with gives the sessions of one test a place of their own.
func with(t testing.TB, place, param string) string {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set(param, "demo_"+rand.Text())
	u.RawQuery = query.Encode()
	return u.String()
}

// demoKeepsTabs fills a cart, kills the node, and then the demo: the tab finds it again both times.
func demoKeepsTabs(t *testing.T, store, keyFile string) {
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	r := startDemo(t, "--store", store)
	says := r.out.String()
	if want := "store  " + u.Scheme + "://" + u.Host + u.Path + "\n"; !strings.Contains(says, want) || !strings.Contains(says, keyFile) {
		t.Errorf("it says\n%swant %q and %q", says, want, keyFile)
	}
	if password, ok := u.User.Password(); ok && strings.Contains(says+r.errs.String(), password) {
		t.Error("it shows the password")
	}
	b := livetest.NewBrowser(nil)
	tab, old := fillCart(t, b, r.url)
	if code, _, _ := fetch(t, "POST", r.url+"/kill?node=1"); code != http.StatusNoContent {
		t.Fatalf("kill: code %d", code)
	}
	eventually(t, "the tab is back on another process", func() bool { return findCart(t, b, r.url, tab, old) })
	if code := r.end(); code != exitOK {
		t.Fatalf("it ended with code %d: %s", code, &r.errs)
	}
	r = startDemo(t, "--store", store)
	if !findCart(t, b, r.url, tab, old) {
		t.Error("the tab is not back after the demo was started again")
	}
	if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
}

// fillCart puts two pears in a new tab's cart and returns when they are in the store, with the tab and the node's process.
func fillCart(t *testing.T, b *livetest.Browser, place string) (tab, pid string) {
	t.Helper()
	conn, hello := attach(t, b, place, "")
	defer conn.Cut()
	for seq := range uint64(2) {
		if err := conn.Send(t.Context(), livetest.Input{Seq: seq + 1, Name: "add", V: map[string]string{"product": "pear"}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Until(t.Context(), func(m livetest.Message) bool { return m.Durable == 2 }); err != nil {
		t.Fatal(err)
	}
	return hello.Tab, pidElement.FindStringSubmatch(hello.HTML)[1]
}

var pears = regexp.MustCompile(`data-testid="qty-pear"[^>]*>2<`)

// findCart reports whether a tab comes back, with its pears, to another process than it was on.
func findCart(t *testing.T, b *livetest.Browser, place, tab, old string) bool {
	t.Helper()
	conn, err := b.Dial(t.Context(), place+"/")
	if err != nil {
		return false // no node is up
	}
	defer conn.Cut()
	m, err := conn.Hello(t.Context(), tab)
	if err != nil {
		return false
	}
	pid := pidElement.FindStringSubmatch(m.HTML)
	if m.Fresh || pid != nil && pid[1] != old && !pears.MatchString(m.HTML) {
		t.Fatalf("the tab is not what it was: fresh %v\n%s", m.Fresh, m.HTML)
	}
	return pid != nil && pid[1] != old
}

func attach(t *testing.T, b *livetest.Browser, place, tab string) (*livetest.Conn, livetest.Message) {
	t.Helper()
	if _, err := b.Get(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	conn, err := b.Dial(t.Context(), place+"/")
	if err != nil {
		t.Fatal(err)
	}
	m, err := conn.Hello(t.Context(), tab)
	if err != nil {
		t.Fatal(fmt.Errorf("hello: %w", err))
	}
	return conn, m
}
