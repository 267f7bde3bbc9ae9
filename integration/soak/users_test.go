package soak

import (
	"context"
	"fmt"
	"slices"

	"github.com/limpet-go/limpet/session"
)

// owner is what a client knows of a session's place in the user index.
type owner struct {
	user string // "" for none
	sure bool
	late int // the era up to which a write of unknown outcome may take place still, plus one
}

func (c *client) users() []string { return names(fmt.Sprintf("user-%d-", c.number), 2) }

// unlisted says that the session may have been missing at a moment, so that the index may have dropped it.
func (c *client) unlisted(id string) {
	o := c.owners[id]
	o.sure = false
	if _, certain := c.records[id].certain(); !certain {
		o.late = c.server.era() + 1
	}
}

func (c *client) setUser() {
	id, user := c.some(c.lasting), c.some(append(c.users(), ""))
	era := c.server.era()
	_, err := c.call("SetUser", func(ctx context.Context) error {
		return c.store.SetUser(ctx, id, user, c.far())
	})
	o := c.owners[id]
	o.user, o.sure = user, err == nil && o.late <= era
	if err != nil {
		o.late = c.server.era() + 1
	}
}

func (c *client) userSessions(user string) {
	var infos []session.SessionInfo
	era := c.server.era()
	_, err := c.call("UserSessions", func(ctx context.Context) (err error) {
		infos, err = c.store.UserSessions(ctx, user)
		return err
	})
	if err != nil {
		return
	}
	var listed []string
	for _, info := range infos {
		listed = append(listed, info.ID)
	}
	c.checkListed(user, listed, era)
}

func (c *client) checkListed(user string, listed []string, era int) {
	for _, id := range listed {
		if c.owners[id] == nil {
			c.log.add("UserSessions: %s lists a session that is none of the client's", user)
		}
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(listed))); len(unique) != len(listed) {
		c.log.add("UserSessions: %s lists a session twice", user)
	}
	for id, o := range c.owners {
		c.records[id].settle(era)
		l, certain := c.records[id].certain()
		is, live := slices.Contains(listed, id), certain && l.version != 0
		switch {
		case is && certain && !live:
			c.log.add("UserSessions: %s lists session %s, which is missing", user, id)
		case is && o.sure && o.user != user:
			c.log.add("UserSessions: %s lists session %s of %q", user, id, o.user)
		case !is && live && o.sure && o.user == user:
			c.log.add("UserSessions: %s lacks session %s", user, id)
		}
	}
}
