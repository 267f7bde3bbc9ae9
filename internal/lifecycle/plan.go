package lifecycle

// Step is what has to be done so that a store keeps a session's newest state until some later instant.
type Step uint8

// The steps.
const (
	// Nothing: there is no state to keep.
	Nothing Step = iota

	// Touch: the store has it; only its expiry is to be moved.
	Touch

	// Save: the store may not have it, and it is in memory.
	Save

	// Snapshot: the store may not have it any more, but the connected client's host can give it again.
	Snapshot

	// Lost: the store may not have it any more, and nobody can give it again.
	Lost
)

// String returns the step in a word.
func (s Step) String() string {
	switch s {
	case Nothing:
		return "nothing"
	case Touch:
		return "touch"
	case Save:
		return "save"
	case Snapshot:
		return "snapshot"
	case Lost:
		return "lost"
	}
	return "unknown"
}

// Facts are what is known of a session's newest state.
type Facts struct {
	Known    bool // there is some
	Refused  bool // the store will never take it, and has an older one at best
	Written  bool // a write of it was begun, and not given up
	Acked    bool // the store acknowledged that write
	Kept     bool // the store certainly keeps it at this moment
	InMemory bool // its bytes are here
	Snapshot bool // it is connected, and its host gives its state when asked
}

// Plan says what has to be done now. A touch is enough while the store certainly has the newest state, or will have it
// by a write that goes before the touch.
func Plan(f Facts) Step {
	switch {
	case !f.Known:
		return Nothing
	case f.Refused:
		return Touch
	case f.Written && (!f.Acked || f.Kept):
		return Touch
	case f.InMemory:
		return Save
	case f.Snapshot:
		return Snapshot
	}
	return Lost
}
