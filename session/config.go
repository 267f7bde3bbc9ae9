package session

import (
	"context"
	"time"
)

// ManagerConfig configures a Manager. In every number zero means the default and a negative value means no limit;
// for an interval it means never, and for ResumeWindow that nothing can be resumed.
type ManagerConfig struct {
	// MaxDetachedSessions is how many detached sessions stay in memory before some are evicted.
	// Default: 10000.
	MaxDetachedSessions int

	// MaxSessionsPerIP is how many connected sessions an address may hold. It refuses new sessions, never a
	// resume. Default: 100.
	MaxSessionsPerIP int

	// ResumeWindow is how long after its disconnect a session may be resumed. Default: 5 minutes.
	ResumeWindow time.Duration

	// PersistInterval is how long after MarkDirty a connected session is snapshot and saved, and so how much of
	// it a crash can lose. Default: 30 seconds.
	PersistInterval time.Duration

	// CleanupInterval is how often sessions whose window ended are dropped from memory. They cannot be resumed
	// from the instant the window ends, dropped or not. Default: 1 minute.
	CleanupInterval time.Duration

	// EvictionPolicy says which detached sessions are evicted first. Default: EvictionLRU.
	EvictionPolicy EvictionPolicy

	// MaxSessions is how many sessions, connected and detached, this process holds. Detached ones are evicted
	// before a connect is refused. Default: no limit.
	MaxSessions int

	// MaxDetachedBytes bounds the bytes of detached sessions in memory before some are evicted. Default: 256 MiB.
	MaxDetachedBytes int64

	// MaxUnsavedBytes bounds what waits for the store: the bytes of states, and 256 for each session that anything
	// waits for. Past it touches are given up first, then states, the oldest first, logged and counted
	// (ManagerStats.LostUnsaved); deletes never are. It is what keeps a process alive through a long outage of its
	// store. Default: 256 MiB.
	MaxUnsavedBytes int64

	// MaxSessionsPerUser is how many connected sessions a user may hold. It refuses new sessions, never a
	// resume. Default: no limit.
	MaxSessionsPerUser int

	// MaxSessionBytes is how large the state of one session may be. Larger state is refused, logged and
	// counted, and the last good state stands. Default: 1 MiB.
	MaxSessionBytes int

	// MaxLoads is how many calls of the store that load sessions for resumes run at once. With so many under way
	// others wait, and go together in one call. A store that is no BatchStore is asked for one session in a call, by
	// four times as many calls at once. Default: 4.
	MaxLoads int

	// MaxWaitingLoads is how many resumes may wait for the store, those from one address a sixteenth of them, or
	// 64 if that is more, but never more than half. Beyond it Resume is an *OverloadedError at once. Default: 10000.
	MaxWaitingLoads int

	// LoadTimeout is how long a resume waits for the store: for its turn, which then ends with an
	// *OverloadedError, and for the call, which ends with context.DeadlineExceeded. Default: 10 seconds.
	// Negative: as long as the caller's context allows.
	LoadTimeout time.Duration

	// IPv6Prefix is how many leading bits of an IPv6 address make two addresses the same for
	// MaxSessionsPerIP and MaxWaitingLoads. Default: 64. Negative: the whole address.
	IPv6Prefix int

	// OnEvict is called after a detached session left memory for a limit. It is called like every hook outside
	// locks, on the goroutine that caused it or on one of the manager's: it may call the manager, except
	// Shutdown, and must return quickly.
	OnEvict func(sessionID string)

	// OnExpire is called after a session's window ended in this process.
	OnExpire func(sessionID string)

	// OnTakeover is called when another connection resumes a connected session. It ends the older connection,
	// whose Attachment.Detach (or OnDisconnect) hands over the final state, and returns. ctx is the one given to
	// Resume.
	OnTakeover func(ctx context.Context, sessionID string)
}

// DefaultManagerConfig returns the defaults named at the fields of ManagerConfig.
func DefaultManagerConfig() ManagerConfig {
	return ManagerConfig{
		MaxDetachedSessions: 10000,
		MaxSessionsPerIP:    100,
		ResumeWindow:        5 * time.Minute,
		PersistInterval:     30 * time.Second,
		CleanupInterval:     time.Minute,
		EvictionPolicy:      EvictionLRU,
		MaxSessions:         -1,
		MaxDetachedBytes:    256 << 20,
		MaxUnsavedBytes:     256 << 20,
		MaxSessionsPerUser:  -1,
		MaxSessionBytes:     DefaultMaxSessionBytes,
		MaxLoads:            4,
		MaxWaitingLoads:     10000,
		LoadTimeout:         10 * time.Second,
		IPv6Prefix:          64,
	}
}

// forever is the longest duration that twice over, and counted from now, stays a duration: some 73 years.
const forever = time.Duration(1 << 61)

// withDefaults fills in what is zero. A policy that does not exist becomes EvictionLRU.
func (c ManagerConfig) withDefaults() ManagerConfig {
	d := DefaultManagerConfig()
	orDefault(&c.MaxDetachedSessions, d.MaxDetachedSessions)
	orDefault(&c.MaxSessionsPerIP, d.MaxSessionsPerIP)
	orDefault(&c.ResumeWindow, d.ResumeWindow)
	orDefault(&c.PersistInterval, d.PersistInterval)
	orDefault(&c.CleanupInterval, d.CleanupInterval)
	orDefault(&c.MaxSessions, d.MaxSessions)
	orDefault(&c.MaxDetachedBytes, d.MaxDetachedBytes)
	orDefault(&c.MaxUnsavedBytes, d.MaxUnsavedBytes)
	orDefault(&c.MaxSessionsPerUser, d.MaxSessionsPerUser)
	orDefault(&c.MaxSessionBytes, d.MaxSessionBytes)
	orDefault(&c.MaxLoads, d.MaxLoads)
	orDefault(&c.MaxWaitingLoads, d.MaxWaitingLoads)
	orDefault(&c.LoadTimeout, d.LoadTimeout)
	orDefault(&c.IPv6Prefix, d.IPv6Prefix)
	c.ResumeWindow = min(c.ResumeWindow, forever)
	c.PersistInterval = min(c.PersistInterval, forever)
	c.CleanupInterval = min(c.CleanupInterval, forever)
	c.LoadTimeout = min(c.LoadTimeout, forever)
	if c.EvictionPolicy < EvictionLRU || c.EvictionPolicy > EvictionFair {
		c.EvictionPolicy = EvictionLRU
	}
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
