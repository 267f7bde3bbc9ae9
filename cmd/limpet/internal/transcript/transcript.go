// Package transcript is for tests: it keeps what a program prints while it runs.
package transcript

import (
	"bytes"
	"sync"
)

// Transcript keeps what is written to it. It is safe for concurrent use, and its zero value is empty.
type Transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds text.
func (t *Transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(p)
}

// String returns all that was written so far.
func (t *Transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
