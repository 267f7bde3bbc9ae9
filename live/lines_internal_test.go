package live

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLinesOfOneEventAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log := boundedLog(slog.New(slog.NewTextHandler(&b, nil))).With("node", 1)
		for range mostLines + 30 {
			log.Warn(eventUnknownInput)
		}
		log.Warn(eventNotResumed)
		if got := strings.Count(b.String(), eventUnknownInput); got != mostLines {
			t.Errorf("%d lines of one event, want %d", got, mostLines)
		}
		if got := strings.Count(b.String(), eventNotResumed); got != 1 {
			t.Errorf("%d lines of another event, want 1", got)
		}
		time.Sleep(time.Second)
		b.Reset()
		for range 2 {
			log.Warn(eventUnknownInput)
		}
		if got := strings.Count(b.String(), "suppressed=30"); got != 1 || strings.Count(b.String(), "node=1") != 2 {
			t.Errorf("a second later: %s", b.String())
		}
	})
}
