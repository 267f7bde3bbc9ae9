package node

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

// broken is a store that takes nothing any more.
type broken struct{ session.SessionStore }

var errDisk = errors.New("disk full")

func (broken) Save(context.Context, string, []byte, time.Time) error { return errDisk }

func (broken) SaveAll(context.Context, map[string]session.SessionData) error { return errDisk }

// TestDrainSaysWhichSessionsWereNotSaved drains a node with two tabs.
func TestDrainSaysWhichSessionsWereNotSaved(t *testing.T) {
	memory := session.NewMemoryStore()
	defer memory.Close()
	var log bytes.Buffer
	host, err := live.NewHost(live.Config{Key: bytes.Repeat([]byte{7}, 32), Store: broken{memory}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(routes(host, 1))
	defer server.Close()
	for range 2 {
		b := livetest.NewBrowser(server.Client().Transport)
		attach(t, b, strings.TrimPrefix(server.URL, "http://"), "")
	}
	err = drain(host, &http.Server{}, 2*time.Second, slog.New(slog.NewTextHandler(&log, nil)))
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) || !errors.Is(err, errDisk) || len(unsaved.SessionIDs) != 2 {
		t.Fatalf("the drain ended with %v", err)
	}
	text := log.String() + err.Error()
	for _, want := range []string{"unsaved.sessions=2", "disk full"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, id := range unsaved.SessionIDs {
		if strings.Contains(text, id) || !strings.Contains(text, session.HashID(id)) {
			t.Errorf("a session is named by its ID, or not by its hash: %s", text)
		}
	}
}
