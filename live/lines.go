package live

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// mostLines is how many lines of one event are written in a second.
const mostLines = 20

// bounded is a handler that bounds the lines of each event: what clients can bring about, by asking for nonsense or by all
// coming back during an outage, must neither fill a disk nor hold a loop up. The next line says how many were suppressed.
type bounded struct {
	slog.Handler
	lines *lines
}

func boundedLog(logger *slog.Logger) *slog.Logger {
	return slog.New(bounded{logger.Handler(), &lines{of: map[string]*line{}}})
}

// Handle implements slog.Handler.
func (b bounded) Handle(ctx context.Context, r slog.Record) error {
	suppressed, ok := b.lines.admit(r.Message, time.Now())
	if !ok {
		return nil
	}
	if suppressed > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("suppressed", suppressed))
	}
	return b.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (b bounded) WithAttrs(attrs []slog.Attr) slog.Handler {
	return bounded{b.Handler.WithAttrs(attrs), b.lines}
}

// WithGroup implements slog.Handler.
func (b bounded) WithGroup(name string) slog.Handler {
	return bounded{b.Handler.WithGroup(name), b.lines}
}

// lines counts the lines of each event. There are as many as events.go has.
type lines struct {
	mu sync.Mutex
	of map[string]*line
}

type line struct {
	since               time.Time // of the second that is counted
	written, suppressed int
}

// admit reports whether one more line may be written, and how many were suppressed since the last one.
func (l *lines) admit(event string, now time.Time) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.of[event]
	if e == nil {
		e = &line{since: now}
		l.of[event] = e
	}
	if now.Sub(e.since) >= time.Second {
		e.since, e.written = now, 0
	}
	if e.written == mostLines {
		e.suppressed++
		return 0, false
	}
	e.written++
	suppressed, e.suppressed = e.suppressed, 0
	return suppressed, true
}
