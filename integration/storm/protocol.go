package storm

import "time"

// What a node can be told to do.
const (
	DoOpen    = "open"    // the store and a manager on it; the first command, unless it is DoServe
	DoConnect = "connect" // every session, in version 1, and save it
	DoWork    = "work"    // change sessions until the process is killed, and tell what is acknowledged
	DoResume  = "resume"  // every session, all at once
	DoDirty   = "dirty"   // change every session and save none
	DoHold    = "hold"    // save so many sessions, and then none until DoRelease
	DoRelease = "release" // save them
	DoServe   = "serve"   // a live page
	DoLoad    = "load"    // tell what the store had to do since it was last told
)

// Command is one line that a node reads, and answers with one Line that has a Reply.
type Command struct {
	Do       string
	Store    string        `json:",omitempty"` // URL; of DoOpen and DoServe
	Seed     uint64        `json:",omitempty"`
	Sessions int           `json:",omitempty"`
	Hold     int           `json:",omitempty"` // of DoHold
	Persist  time.Duration `json:",omitempty"` // the manager's interval
	Deadline time.Duration `json:",omitempty"` // of the shutdown at SIGTERM
	Within   time.Duration `json:",omitempty"` // when everyone has arrived; zero: at once; of DoResume
	Flood    int           `json:",omitempty"` // IDs that nobody has, meanwhile; of DoResume
	Key      []byte        `json:",omitempty"` // of DoServe
}

// Line is what a node writes.
type Line struct {
	Acks  []Ack    `json:",omitempty"`
	Held  bool     `json:",omitempty"` // a call of the store waits for DoRelease
	Reply *Reply   `json:",omitempty"`
	Drain *Drained `json:",omitempty"` // the last line, after SIGTERM
}

// Ack says that a version of a session, or a newer one, is durable.
type Ack struct {
	Session int
	Version uint64
}

// Reply answers a command.
type Reply struct {
	Error string  `json:",omitempty"` // the command failed, for this reason
	Addr  string  `json:",omitempty"` // of DoServe
	Load  *Load   `json:",omitempty"` // of DoLoad
	Storm *Resume `json:",omitempty"` // of DoResume
}

// Resume is how a DoResume went.
type Resume struct {
	Versions  []uint64 // of each session's state; zero for one that did not resume
	Failures  []string // why some of those did not, at most ten
	Connected int      // by the manager's own count

	P50, P99, Longest time.Duration // from arriving to being connected
	All               time.Duration // from the first arrival to the last session connected
	Overloaded        int           // times that someone was told to come back later

	Flood      Flood
	Store      Load
	Heap       uint64 // the most bytes of live and not yet collected objects
	Resident   uint64 // the most memory of the process, in bytes; zero where the system does not tell
	Goroutines int    // the most
}

// Flood is how IDs that nobody has were answered.
type Flood struct {
	Unknown    int // were not found
	Overloaded int // were turned away
	Forged     int // were not found, without being looked for
	Wrong      int // got anything else
	Took       time.Duration
}

// Drained is how a shutdown went.
type Drained struct {
	Took    time.Duration
	Failed  bool
	Unsaved int    // by the error
	Sum     string // Sum of the unsaved IDs, by the error
}
