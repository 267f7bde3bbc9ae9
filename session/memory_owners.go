package session

import (
	"strings"
	"sync"
	"time"

	"github.com/limpet-go/limpet/internal/evict"
)

// memoryUsers says whose the sessions of a MemoryStore are. It knows nothing of the sessions themselves: what has
// ended is for its caller to tell. Its methods need mu held for writing, but for list, which takes it. A shard's lock
// may be taken while mu is held, and not the other way round. It is empty, and costs nothing, until the first SetUser.
type memoryUsers struct {
	mu     sync.RWMutex
	owners map[string]*memoryOwner // by session ID
	users  map[string]*memoryUser  // by user ID; each has a session
	expiry evict.Oldest[memoryOwner, *memoryOwner]
}

type memoryUser struct {
	id       string
	sessions []*memoryOwner // without gaps; an entry only ever moves down, which list counts on
}

// memoryOwner is one entry: the owner of one session.
type memoryOwner struct {
	session string
	user    *memoryUser
	place   int           // in the user's sessions
	until   time.Duration // how long it holds if the session is not live
	lookAt  int64         // when a sweep looks at it next
	queued  evict.Links[memoryOwner]
}

// EvictLinks is for the queue of entries to look at.
func (o *memoryOwner) EvictLinks() *evict.Links[memoryOwner] { return &o.queued }

// EvictAge orders that queue.
func (o *memoryOwner) EvictAge() int64 { return o.lookAt }

// set says whose a session is, in place of what was said earlier. No user takes it out.
func (u *memoryUsers) set(sessionID, userID string, until time.Duration) {
	o := u.owners[sessionID]
	if o != nil && o.user.id != userID {
		u.remove(o)
		o = nil
	}
	if userID == "" {
		return
	}
	if o == nil {
		o = u.add(strings.Clone(sessionID), userID)
	}
	o.until = until
	u.lookAt(o, until)
}

func (u *memoryUsers) add(sessionID, userID string) *memoryOwner {
	if u.owners == nil {
		u.owners, u.users = map[string]*memoryOwner{}, map[string]*memoryUser{}
	}
	user := u.users[userID]
	if user == nil {
		user = &memoryUser{id: strings.Clone(userID)}
		u.users[user.id] = user
	}
	o := &memoryOwner{session: sessionID, user: user, place: len(user.sessions)}
	user.sessions = append(user.sessions, o)
	u.owners[sessionID] = o
	return o
}

// lookAt sets when a sweep looks at an entry.
func (u *memoryUsers) lookAt(o *memoryOwner, at time.Duration) {
	u.expiry.Remove(o)
	o.lookAt = int64(at)
	u.expiry.Add(o)
}

func (u *memoryUsers) remove(o *memoryOwner) {
	all := o.user.sessions
	last := len(all) - 1
	all[o.place], all[last].place = all[last], o.place
	all[last] = nil
	if o.user.sessions = all[:last]; last == 0 {
		delete(u.users, o.user.id)
	}
	delete(u.owners, o.session)
	u.expiry.Remove(o)
	if len(u.owners) == 0 {
		u.drop()
	}
}

// due returns the entry to look at first if its time has come, else nil.
func (u *memoryUsers) due(now time.Duration) *memoryOwner {
	if next := u.expiry.Next(); next != nil && next.lookAt <= int64(now) {
		return next
	}
	return nil
}

// list adds to ids those of a few of the user's sessions, from the one before the place below or, if that is
// negative, the last. It returns the place to go on from, zero at the end. An ID may come twice while others go.
func (u *memoryUsers) list(ids []string, userID string, below int) ([]string, int) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	user := u.users[userID]
	if user == nil {
		return ids, 0
	}
	if below < 0 || below > len(user.sessions) {
		below = len(user.sessions)
	}
	first := max(0, below-memoryStep)
	for _, o := range user.sessions[first:below] {
		ids = append(ids, o.session)
	}
	return ids, first
}

// drop forgets everything.
func (u *memoryUsers) drop() {
	u.owners, u.users, u.expiry = nil, nil, evict.Oldest[memoryOwner, *memoryOwner]{}
}
