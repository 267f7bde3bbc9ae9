package opscheck

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Log is a handler that keeps what is logged. It is safe for use by many goroutines.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
	seen map[string]Seen
}

// Seen says how an event was logged.
type Seen struct {
	Levels []string // in ascending order, each once
	Attrs  []string // of all its lines together
}

// Logger returns a logger that writes to l.
func (l *Log) Logger() *slog.Logger { return slog.New(l) }

// Enabled implements slog.Handler.
func (l *Log) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (l *Log) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler.
func (l *Log) WithGroup(string) slog.Handler { return l }

// Handle implements slog.Handler.
func (l *Log) Handle(ctx context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen[r.Message]
	seen.Levels = insert(seen.Levels, strings.ToLower(r.Level.String()))
	r.Attrs(func(a slog.Attr) bool {
		seen.Attrs = insert(seen.Attrs, a.Key)
		return true
	})
	if l.seen == nil {
		l.seen = map[string]Seen{}
	}
	l.seen[r.Message] = seen
	return slog.NewTextHandler(&l.text, nil).Handle(ctx, r)
}

func insert(sorted []string, s string) []string {
	at, ok := slices.BinarySearch(sorted, s)
	if ok {
		return sorted
	}
	return slices.Insert(sorted, at, s)
}

// String returns all lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Hides checks that nothing of what is secret is in any line.
func (l *Log) Hides(t *testing.T, secrets ...string) {
	t.Helper()
	text := l.String()
	for _, secret := range secrets {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%q is in the log: …%s…", secret, text[max(0, at-200):min(len(text), at+100)])
		}
	}
}

// Agrees checks that each of the events was logged, but for the exceptions, and that level and attributes of each are those that
// the table of events says. exceptions maps names of constants to the reason why they cannot be provoked here.
func (l *Log) Agrees(t *testing.T, events map[string]string, table Table, exceptions map[string]string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, text := range events {
		seen, ok := l.seen[text]
		if _, excepted := exceptions[name]; ok == excepted {
			t.Errorf("%s: logged %v, excepted %v", name, ok, excepted)
		}
		row := table["`"+text+"`"]
		if !ok || row == nil {
			continue
		}
		if levels := strings.Join(seen.Levels, ", "); levels != row[1] {
			t.Errorf("%q is logged as %s, and documented as %s", text, levels, row[1])
		}
		if attrs := names(row[2]); !slices.Equal(seen.Attrs, attrs) {
			t.Errorf("%q has the attributes %q, and %q are documented", text, seen.Attrs, attrs)
		}
	}
	for text := range l.seen {
		if table["`"+text+"`"] == nil {
			t.Errorf("%q was logged and is not documented", text)
		}
	}
}
