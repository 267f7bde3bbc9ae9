package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenScan() []brokenStore {
	const (
		lists     = "scan/every live session is listed under its ID, byte for byte"
		info      = "scan/size and expiry are those of the session, to the millisecond"
		limits    = "scan/a page holds about as many sessions as it may"
		steady    = "scan/a session that is live throughout is listed, whatever is written meanwhile"
		cursors   = "scan/a cursor is good for as long as the caller likes"
		malformed = "scan/a malformed cursor is an error"
		canceled  = "scan/a context that has ended is an error, not the end"
		closed    = "scan/after Close Scan is ErrStoreClosed"
	)
	return []brokenStore{
		{
			name:  "lists IDs in lower case",
			fails: []string{lists},
			make:  describing(func(i *session.SessionInfo) { i.ID = strings.ToLower(i.ID) }),
		},
		{
			name:  "lists no more than the first page",
			fails: []string{lists, limits, cursors},
			make:  paging(func(page []session.SessionInfo, _ string) ([]session.SessionInfo, string) { return page, "" }),
		},
		{
			name:  "leaves out the last of each page",
			fails: []string{lists, limits, steady, cursors},
			make: paging(func(page []session.SessionInfo, next string) ([]session.SessionInfo, string) {
				return page[:max(0, len(page)-1)], next
			}),
		},
		{
			name:  "counts characters",
			fails: []string{info},
			make:  describing(func(i *session.SessionInfo) { i.Size /= 2 }),
		},
		{
			name:  "keeps sizes in 16 bits",
			fails: []string{info, "users/each session is listed once, with its size and expiry"},
			make:  capsSizes,
		},
		{
			name:  "tells expiries to the second",
			fails: []string{info},
			make:  describing(func(i *session.SessionInfo) { i.ExpiresAt = i.ExpiresAt.Truncate(time.Second) }),
		},
		{
			name:  "tells expiries by the clock on the wall of a zone",
			fails: []string{info},
			make:  describing(func(i *session.SessionInfo) { i.ExpiresAt = i.ExpiresAt.Add(time.Hour) }),
		},
		{
			name:  "lists what has expired",
			fails: []string{"scan/what has expired or was deleted is not listed"},
			make:  listsAllEverSaved,
		},
		{
			name:  "takes no limit",
			fails: []string{limits},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					return wholeListing(ctx, m, cursor)
				}
			}),
		},
		{
			name:  "has pages of ten at most",
			fails: []string{limits},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					return m.Scan(ctx, cursor, 10)
				}
			}),
		},
		{
			name:  "takes a limit of nought for none at all",
			fails: []string{limits},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					if limit <= 0 {
						return nil, "", ctx.Err()
					}
					return m.Scan(ctx, cursor, limit)
				}
			}),
		},
		{
			name:  "pages by offset",
			fails: []string{cursors, malformed},
			make:  pagesByOffset,
		},
		{
			name:  "pages by the time of the last write",
			fails: []string{steady},
			make:  pagesByLastWrite,
		},
		{
			name:  "forgets cursors once they were used",
			fails: []string{cursors},
			make:  forgetsCursors,
		},
		{
			name:  "begins anew at a malformed cursor",
			fails: []string{malformed},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					if page, next, err := m.Scan(ctx, cursor, limit); err == nil {
						return page, next, nil
					}
					return m.Scan(ctx, "", limit)
				}
			}),
		},
		{
			name:  "quotes a malformed cursor",
			fails: []string{malformed},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					page, next, err := m.Scan(ctx, cursor, limit)
					if err != nil {
						err = errors.New("session: bad cursor " + cursor)
					}
					return page, next, err
				}
			}),
		},
		{
			name:  "ends a listing when its context ends",
			fails: []string{canceled},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					if ctx.Err() != nil {
						return nil, "", nil
					}
					return m.Scan(ctx, cursor, limit)
				}
			}),
		},
		{
			name:  "is empty when it is closed",
			fails: []string{closed},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
					page, next, err := m.Scan(ctx, cursor, limit)
					if errors.Is(err, session.ErrStoreClosed{}) {
						err = nil
					}
					return page, next, err
				}
			}),
		},
	}
}

// paging is a store that does something to every page it lists.
func paging(
	f func(page []session.SessionInfo, next string) ([]session.SessionInfo, string),
) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
			page, next, err := m.Scan(ctx, cursor, limit)
			page, next = f(page, next)
			return page, next, err
		}
	})
}

// describing is a store that does something to every session it lists.
func describing(f func(i *session.SessionInfo)) func(m *session.MemoryStore) session.SessionStore {
	return paging(func(page []session.SessionInfo, next string) ([]session.SessionInfo, string) {
		for i := range page {
			f(&page[i])
		}
		return page, next
	})
}

func capsSizes(m *session.MemoryStore) session.SessionStore {
	const most = 1<<16 - 1
	h := describing(func(i *session.SessionInfo) { i.Size = min(i.Size, most) })(m).(*hooked)
	h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
		list, err := m.UserSessions(ctx, user)
		for i := range list {
			list[i].Size = min(list[i].Size, most)
		}
		return list, err
	}
	return h
}

// wholeListing lists everything in one page, in ascending order.
func wholeListing(ctx context.Context, m *session.MemoryStore, cursor string) ([]session.SessionInfo, string, error) {
	if _, _, err := m.Scan(ctx, cursor, 1); err != nil {
		return nil, "", err
	}
	all := map[string]session.SessionInfo{}
	for info, err := range session.Sessions(ctx, m) {
		if err != nil {
			return nil, "", err
		}
		all[info.ID] = info
	}
	var page []session.SessionInfo
	for _, id := range slices.Sorted(maps.Keys(all)) {
		page = append(page, all[id])
	}
	return page, "", nil
}

func pagesByOffset(m *session.MemoryStore) session.SessionStore {
	return &hooked{MemoryStore: m, capabilityHooks: capabilityHooks{
		list: func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
			all, _, err := wholeListing(ctx, m, "")
			if limit <= 0 {
				limit = 1000
			}
			from, _ := strconv.Atoi(cursor)
			from = min(max(0, from), len(all))
			to := min(from+limit, len(all))
			if to == len(all) {
				return all[from:], "", err
			}
			pause(time.Millisecond)
			return all[from:to], strconv.Itoa(to), err
		},
	}}
}

// pagesByLastWrite lists what was written last first, and goes on with what was written before the last of the page.
func pagesByLastWrite(m *session.MemoryStore) session.SessionStore {
	var mu sync.Mutex
	writes, last := map[string]int{}, 0
	h := &hooked{MemoryStore: m}
	h.saveAll = func(ctx context.Context, b batch) error {
		mu.Lock()
		defer mu.Unlock()
		for id := range b {
			last++
			writes[id] = last
		}
		return m.SaveAll(ctx, b)
	}
	h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
		pause(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		before, err := strconv.Atoi(cursor)
		if err != nil {
			before = last + 1
		}
		var page []session.SessionInfo
		for _, id := range slices.SortedFunc(maps.Keys(writes), func(a, b string) int { return writes[b] - writes[a] }) {
			if writes[id] < before && len(page) < limit {
				page, cursor = append(page, session.SessionInfo{ID: id}), strconv.Itoa(writes[id])
			}
		}
		if len(page) < limit {
			cursor = ""
		}
		return page, cursor, nil
	}
	return h
}

func forgetsCursors(m *session.MemoryStore) session.SessionStore {
	var used memo
	return &hooked{MemoryStore: m, capabilityHooks: capabilityHooks{
		list: func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
			if _, ok := used.get(cursor); ok && cursor != "" {
				return nil, "", errors.New("session: unknown cursor")
			}
			used.set(cursor, nil)
			return m.Scan(ctx, cursor, limit)
		},
	}}
}

// listsAllEverSaved lists sessions without a look at their expiry.
func listsAllEverSaved(m *session.MemoryStore) session.SessionStore {
	var saved memo
	h := &hooked{MemoryStore: m}
	h.save = func(ctx context.Context, id string, data []byte, at time.Time) error {
		saved.set(id, data)
		return m.Save(ctx, id, data, at)
	}
	h.list = func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
		var page []session.SessionInfo
		for _, id := range saved.ids() {
			page = append(page, session.SessionInfo{ID: id})
		}
		return page, "", nil
	}
	return h
}
