// Package lifecycle is the life of one session in one process: which states it passes through, what makes it pass, and
// what has to be written so that a store keeps its newest state. It is pure: no clock, no locks, no I/O.
//
//	connected ──Disconnect──▶ detached ──Evict──▶ absent (the store has it)
//	    ▲                       │  │ ▲                │
//	    │        ┌────Resume────┘  │ └──WindowEnds──▶ expired
//	 Connect     ▼                 │
//	    ├────── held ───Release────┘
//	    └──── borrowed ◀──Fetch── absent, expired;  borrowed ──Release──▶ absent
//
// Remove leads from everywhere to removed, Drop from every state in memory to absent.
package lifecycle

import "strconv"

// State is where a session stands in this process. The zero State is none of them.
type State uint8

// The states. A session in one of the first three has a connection, or is about to have one.
const (
	// Connected: a client has it.
	Connected State = iota + 1

	// Held: it was detached here and a connection resumed it, which has not been completed. Its window still counts.
	Held

	// Borrowed: as Held, but only the store, or the queue to it, had the session.
	Borrowed

	// Detached: its client is gone, and may come back until its window ends.
	Detached

	// Absent: nothing of it is here; a store may have it. Eviction leads here.
	Absent

	// Expired: this process saw its window end, and still remembers that.
	Expired

	// Removed: it was ended on purpose, and this process remembers that.
	Removed

	states = iota + 1
)

// String returns the state in a word.
func (s State) String() string {
	names := [states]string{"none", "connected", "held", "borrowed", "detached", "absent", "expired", "removed"}
	if s >= states {
		return "state " + strconv.Itoa(int(s))
	}
	return names[s]
}

// Attached reports whether a connection has the session: it counts as connected.
func (s State) Attached() bool { return s == Connected || s == Held || s == Borrowed }

// InMemory reports whether this process has the session, and not just a memory of its end.
func (s State) InMemory() bool { return s.Attached() || s == Detached }

// Evictable reports whether the session may be forgotten to free memory.
func (s State) Evictable() bool { return s == Detached }

// Windowed reports whether the session's resume window is running.
func (s State) Windowed() bool { return s == Detached || s == Held }

// Event is what happens to a session.
type Event uint8

// The events.
const (
	// Register: a client connects without having resumed.
	Register Event = iota + 1

	// Resume: a connection is to have what is in memory. Of one that is held it takes the place.
	Resume

	// Fetch: a connection is to have what was found in the store, or on its way there.
	Fetch

	// Connect: the connection that resumed it is complete.
	Connect

	// Release: the connection that resumed it gives it back as it was.
	Release

	// Disconnect: its connection ended; a window begins.
	Disconnect

	// Evict: its memory is needed.
	Evict

	// WindowEnds: nobody came back in time.
	WindowEnds

	// Remove: it is ended on purpose.
	Remove

	// Drop: this process lets go of it, without a word to the store: after a shutdown, or since it is another's.
	Drop

	// Forget: the memory of its end has passed.
	Forget

	events = iota + 1
)

// String returns the event in words.
func (e Event) String() string {
	names := [events]string{"none", "register", "resume", "fetch", "connect", "release", "disconnect", "evict",
		"window ends", "remove", "drop", "forget"}
	if e >= events {
		return "event " + strconv.Itoa(int(e))
	}
	return names[e]
}

// next says where each event leads from each state; zero where it cannot happen.
var next = [states][events]State{
	Connected: {Disconnect: Detached, Remove: Removed, Drop: Absent},
	Held:      {Resume: Held, Connect: Connected, Release: Detached, Disconnect: Detached, Remove: Removed, Drop: Absent},
	Borrowed:  {Resume: Borrowed, Connect: Connected, Release: Absent, Disconnect: Detached, Remove: Removed, Drop: Absent},
	Detached:  {Register: Connected, Resume: Held, Disconnect: Detached, Evict: Absent, WindowEnds: Expired, Remove: Removed, Drop: Absent},
	Absent:    {Register: Connected, Fetch: Borrowed, WindowEnds: Expired, Remove: Removed},
	Expired:   {Register: Connected, Fetch: Borrowed, Remove: Removed, Forget: Absent},
	Removed:   {Remove: Removed, Forget: Absent},
}

// Next returns the state after an event, and whether the event can happen in this one. If it cannot, the state stays.
//
// A late Disconnect hands over state for a session that is detached already, and begins no window. WindowEnds of an
// absent session is that of one whose last write came too late.
func (s State) Next(e Event) (State, bool) {
	if s >= states || e >= events || next[s][e] == 0 {
		return s, false
	}
	return next[s][e], true
}
