package node

import (
	"bytes"
	"strings"
	"testing"
)

func TestTwoDemosOnOneHostHaveCookiesOfTheirOwn(t *testing.T) {
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	if CookieName(one) == CookieName(two) {
		t.Error("two keys, one cookie")
	}
	if !strings.HasPrefix(CookieName(one), "limpet-") {
		t.Errorf("cookie %q", CookieName(one))
	}
}
