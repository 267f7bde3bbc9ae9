package model

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// version numbers the states in the order in which they were made, over all sessions. Zero is no state.
type version int

// bytes returns the state of that version, of about the given size.
func (v version) bytes(size int) []byte {
	head := fmt.Appendf(nil, "%d:", v)
	return append(head, bytes.Repeat([]byte{'x'}, max(0, size-len(head)))...)
}

// versionOf tells which state data are.
func versionOf(data []byte) version {
	head, _, _ := bytes.Cut(data, []byte(":"))
	n, err := strconv.Atoi(string(head))
	if err != nil {
		return 0
	}
	return version(n)
}

// row is what the disk has of one session.
type row struct {
	data  []byte
	until time.Time
}

// mood is how the store behaves.
type mood int

const (
	well     mood = iota
	down          // writes fail and do nothing
	unheard       // writes are done, and reported as failed
	partly        // a write of every other session fails
	hanging       // writes do nothing until their context ends
	unread        // loads fail
	lastMood = unread
)

func (m mood) String() string {
	return [...]string{"well", "down", "unheard", "partly", "hanging", "unread"}[m]
}

// disk is what survives a crash. It knows what must never be written, and notes when it is.
type disk struct {
	mu      sync.Mutex
	rows    map[string]row
	mood    mood
	latency time.Duration
	slowest time.Duration // the longest latency so far
	ill     time.Time     // when it last stopped working
	back    time.Time     // when the last outage ended that was longer than a keepalive leaves room for
	well    time.Time     // since when the store works: the zero time if it always did, or the far future
	calls   map[string]int
	busy    map[string]bool
	buried  map[string]version // states up to this one were deleted for good
	faults  []string
}

func newDisk() *disk {
	return &disk{rows: map[string]row{}, calls: map[string]int{}, busy: map[string]bool{}, buried: map[string]version{}}
}

var never = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

func (d *disk) set(m mood, latency time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case m != well:
		if d.mood == well {
			d.ill = time.Now()
		}
		d.well = never
	case d.mood != well:
		d.well = time.Now()
		if d.well.Sub(d.ill) > window/6 {
			d.back = d.well
		}
	}
	d.mood, d.latency, d.slowest = m, latency, max(d.slowest, latency)
}

func (d *disk) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Sprintf(format, args...))
}

// peek returns what a load would find now.
func (d *disk) peek(id string) (row, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.rows[id]
	return r, ok && r.until.After(time.Now())
}

func (d *disk) callsOf(id string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[id]
}

// put saves a session. The disk is locked.
func (d *disk) put(id string, data []byte, until time.Time) {
	v, old := versionOf(data), versionOf(d.rows[id].data)
	if v < old {
		d.fault("state %d of %s was saved over state %d", v, id, old)
	}
	if v <= d.buried[id] {
		d.fault("state %d of %s was saved after its deletion", v, id)
	}
	d.rows[id] = row{bytes.Clone(data), until}
}

// extend moves a live session's expiry. The disk is locked.
func (d *disk) extend(id string, until time.Time) {
	if r, ok := d.rows[id]; ok && r.until.After(time.Now()) {
		d.rows[id] = row{r.data, until}
	}
}
