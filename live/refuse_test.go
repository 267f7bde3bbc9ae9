package live_test

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
)

// setCookie replaces the browser's cookie.
func setCookie(t *testing.T, n *node, b *livetest.Browser, value string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(n.url)
	if err != nil {
		t.Fatal(err)
	}
	if value != "" {
		jar.SetCookies(u, []*http.Cookie{{Name: "limpet", Value: value, Path: "/"}})
	}
	b.Client.Jar = jar
}

func cookieOf(t *testing.T, n *node, b *livetest.Browser) string {
	t.Helper()
	u, err := url.Parse(n.url)
	if err != nil {
		t.Fatal(err)
	}
	return b.Client.Jar.Cookies(u)[0].Value
}

func TestForgedCookieNeverReachesTheStore(t *testing.T) {
	store := &countingStore{SessionStore: memoryStore(t)}
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	good := n.browser()
	value := cookieOf(t, n, good)
	part, mac, _ := strings.Cut(value, ".")
	other := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Key = []byte(strings.Repeat("k", 32)) })
	for name, forged := range map[string]string{
		"none":           "",
		"empty mac":      part + ".",
		"no mac":         part,
		"zero mac":       part + "." + strings.Repeat("A", 43),
		"other browser":  strings.Repeat("A", 43) + "." + mac,
		"short browser":  part[:40] + "." + mac,
		"other host key": cookieOf(t, other, other.browser()),
		"long":           value + strings.Repeat("A", 500),
	} {
		b := n.browser()
		setCookie(t, n, b, forged)
		_, err := n.tryOpen(b, "AAAAAAAAAAAAAAAAAAAAAA")
		if code := livetest.CloseCode(err); code != 4003 {
			t.Errorf("%s: close code %d (%v), want 4003", name, code, err)
		}
	}
	if calls := store.calls.Load(); calls != 0 {
		t.Errorf("the store was asked %d times", calls)
	}
	if stats := n.host.Stats(); stats.Total != 0 || stats.Loaded+stats.LoadsMissed+stats.Overloaded != 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestOrigins(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.AllowedOrigins = []string{"https://friend.example"} })
	own := strings.TrimSuffix(n.url, "/shop")
	for _, test := range []struct {
		origin  string
		allowed bool
	}{
		{"", true},
		{own, true},
		{"https://friend.example", true},
		{"https://friend.example:444", false},
		{"http://friend.example", false},
		{"https://evil.example", false},
		{own + ".evil.example", false},
		{"null", false},
		{"file://" + strings.TrimPrefix(own, "http://"), false},
	} {
		b := n.browser()
		if test.origin != "" {
			b.Header.Set("Origin", test.origin)
		}
		_, err := n.tryOpen(b, "")
		if allowed := err == nil; allowed != test.allowed {
			t.Errorf("origin %q: %v", test.origin, err)
		}
		if !test.allowed && !strings.Contains(err.Error(), "403") {
			t.Errorf("origin %q: %v, want status 403", test.origin, err)
		}
	}
}

func TestUnknownTabIsNeverAdopted(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	const invented = "AAAAAAAAAAAAAAAAAAAAAA"
	tab := n.open(n.browser(), invented)
	if !tab.welcome.Fresh || tab.welcome.Tab == invented {
		t.Errorf("welcome %+v", tab.welcome)
	}
}

func TestTabOfAnotherBrowser(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	victim := n.open(n.browser(), "")
	victim.add(1)
	victim.untilDurable(1)
	thief := n.open(n.browser(), victim.welcome.Tab)
	if !thief.welcome.Fresh || strings.Contains(thief.welcome.HTML, "[1]") {
		t.Errorf("welcome %+v", thief.welcome)
	}
	victim.add(2)
	victim.untilHTML("[1][2]") // undisturbed
}

func TestAnotherPathStartsFresh(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	b := n.browser()
	tab := n.open(b, "")
	tab.add(1)
	tab.untilDurable(1)
	_ = tab.Close()
	shopURL := n.url
	n.url = n.srv.URL + "/other"
	other := n.open(b, tab.welcome.Tab)
	if !other.welcome.Fresh || other.welcome.Tab == tab.welcome.Tab {
		t.Errorf("welcome %+v", other.welcome)
	}
	n.url = shopURL
	if again := n.open(b, tab.welcome.Tab); again.welcome.Fresh || !strings.Contains(again.welcome.HTML, "[1]") {
		t.Errorf("the session did not stay as it was: %+v", again.welcome)
	}
}

func TestAuthenticate(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) {
		c.Authenticate = func(r *http.Request) (string, error) {
			user := r.Header.Get("User")
			if user == "mallory" {
				return "", errors.New("go away")
			}
			return user, nil
		}
	})
	b := n.browser()
	b.Header.Set("User", "alice")
	tab := n.open(b, "")
	if !strings.Contains(tab.welcome.HTML, `<p id="user">alice</p>`) {
		t.Errorf("html %s", tab.welcome.HTML)
	}
	tab.add(1)
	tab.untilDurable(1)
	_ = tab.Close()

	b.Header.Set("User", "mallory")
	if _, err := n.tryOpen(b, tab.welcome.Tab); livetest.CloseCode(err) != 4003 {
		t.Errorf("refused user: %v", err)
	}
	b.Header.Set("User", "bob")
	other := n.open(b, tab.welcome.Tab)
	if !other.welcome.Fresh || !other.welcome.Foreign || strings.Contains(other.welcome.HTML, "[1]") {
		t.Errorf("another user resumed: %+v", other.welcome)
	}
	if fresh := n.open(b, ""); fresh.welcome.Foreign {
		t.Error("a session nobody asked for is said to be another user's")
	}
	b.Header.Set("User", "alice")
	if again := n.open(b, tab.welcome.Tab); again.welcome.Fresh || !strings.Contains(again.welcome.HTML, "[1]") {
		t.Errorf("the owner did not resume: %+v", again.welcome)
	}
}
