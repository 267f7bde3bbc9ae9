package session

import "strconv"

// EvictionPolicy says which detached session leaves memory first when a limit is exceeded. Eviction only frees
// memory: the session's bytes stay in the write-behind queue until they are durable.
type EvictionPolicy int

const (
	// EvictionLRU takes the session that was accessed the longest time ago.
	EvictionLRU EvictionPolicy = iota

	// EvictionOldest takes the session that was created first.
	EvictionOldest

	// EvictionRandom takes any session, each as likely as the others.
	EvictionRandom

	// EvictionFair takes the session that was accessed the longest time ago of the address that has most
	// detached sessions.
	EvictionFair
)

// String returns the policy's name in lower case.
func (p EvictionPolicy) String() string {
	switch p {
	case EvictionLRU:
		return "lru"
	case EvictionOldest:
		return "oldest"
	case EvictionRandom:
		return "random"
	case EvictionFair:
		return "fair"
	}
	return "policy " + strconv.Itoa(int(p))
}
