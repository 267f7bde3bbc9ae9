package live

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

const browserBytes = 32

// base64url is strict, so that no two texts name the same bytes.
var base64url = base64.RawURLEncoding.Strict()

// cookies issues and verifies the cookie that names a browser: 32 random bytes and their MAC. The cookie alone
// gives access to nothing; with a tab's part it names that tab's session.
type cookies struct {
	name string
	keys [][]byte // the first one signs, all of them verify
}

func newCookies(name string, masters [][]byte) (*cookies, error) {
	c := &cookies{name: name}
	for _, master := range masters {
		key, err := derive(master, purposeCookie, 32)
		if err != nil {
			return nil, err
		}
		c.keys = append(c.keys, key)
	}
	return c, nil
}

// browser returns the browser part that a validly signed cookie of the request carries. current is false when it
// was signed with a previous key.
func (c *cookies) browser(r *http.Request) (browser []byte, current, ok bool) {
	for _, cookie := range r.CookiesNamed(c.name) {
		if browser, current, ok = c.verify(cookie.Value); ok {
			return browser, current, true
		}
	}
	return nil, false, false
}

func (c *cookies) verify(value string) (browser []byte, current, ok bool) {
	text, sum, found := strings.Cut(value, ".")
	if !found || len(value) > 128 {
		return nil, false, false
	}
	browser, err := base64url.DecodeString(text)
	if err != nil || len(browser) != browserBytes {
		return nil, false, false
	}
	mac, err := base64url.DecodeString(sum)
	if err != nil {
		return nil, false, false
	}
	for i, key := range c.keys {
		if hmac.Equal(mac, sign(key, browser)) {
			return browser, i == 0, true
		}
	}
	return nil, false, false
}

// ensure gives the response a cookie unless the request has a good one: a new browser part when there is none,
// the same part signed anew when a previous key signed it.
func (c *cookies) ensure(w http.ResponseWriter, r *http.Request, secure bool) {
	browser, current, ok := c.browser(r)
	if current {
		return
	}
	if !ok {
		browser = make([]byte, browserBytes)
		_, _ = rand.Read(browser) // never fails: the runtime ends the process first
	}
	http.SetCookie(w, &http.Cookie{
		Name:     c.name,
		Value:    base64url.EncodeToString(browser) + "." + base64url.EncodeToString(sign(c.keys[0], browser)),
		Path:     "/",
		HttpOnly: true,
		Secure:   secure,
		SameSite: http.SameSiteLaxMode,
	})
}

func sign(key, browser []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(browser)
	return mac.Sum(nil)
}
