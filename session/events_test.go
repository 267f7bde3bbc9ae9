package session_test

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func TestHashIDIsStableAndHidesTheID(t *testing.T) {
	const id = "a-session-that-nobody-may-know"
	got := session.HashID(id)
	if got != "d2b989faa41495b5" || strings.Contains(id, got) {
		t.Errorf("HashID = %q, which must not change: operators search old logs for it", got)
	}
	if session.HashID(id+"x") == got {
		t.Error("two IDs have one hash")
	}
}
