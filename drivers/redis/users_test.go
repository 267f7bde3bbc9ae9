package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

const day = 24 * time.Hour

func setUser(t testing.TB, store *Store, id, user string) {
	t.Helper()
	if err := store.SetUser(t.Context(), id, user, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func wantSessions(t testing.TB, store *Store, user string, want ...string) {
	t.Helper()
	list, err := store.UserSessions(t.Context(), user)
	var got []string
	for _, info := range list {
		got = append(got, info.ID)
	}
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s has %q (%v), want %q", user, got, err, want)
	}
}

// wantEntries says which IDs a user's set holds, whether they count or not.
func wantEntries(t testing.TB, store *Store, user string, want ...string) {
	t.Helper()
	got, err := store.client.ZRange(t.Context(), store.userKey(sumOf(user)), 0, -1).Result()
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the set of %s holds %q (%v), want %q", user, got, err, want)
	}
}

// age makes an entry one that ended some time ago.
func age(t testing.TB, store *Store, user, id string, ago time.Duration) {
	t.Helper()
	z := goredis.Z{Score: float64(time.Now().Add(-ago).UnixMilli()), Member: id}
	args := goredis.ZAddArgs{XX: true, Ch: true, Members: []goredis.Z{z}}
	if n, err := store.client.ZAddArgs(t.Context(), store.userKey(sumOf(user)), args).Result(); err != nil || n != 1 {
		t.Fatalf("%d entries aged: %v", n, err)
	}
}

// lasts checks how long a key lives.
func lasts(t testing.TB, store *Store, key string, want time.Duration) {
	t.Helper()
	if got, err := store.client.PTTL(t.Context(), key).Result(); err != nil || got > want || got < want-time.Minute {
		t.Errorf("a key lives for %v (%v), want %v", got, err, want)
	}
}

func TestNamesOfIndexKeysAreNoSessions(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	setUser(t, store, "the-session", "ann@example.org")
	for _, key := range []string{store.userKey(sumOf("ann@example.org")), store.ownerKey("the-session")} {
		name := strings.TrimPrefix(key, store.Prefix())
		if n, err := store.client.Exists(t.Context(), key).Result(); n != 1 || err != nil || validID(name) {
			t.Errorf("key %q: %d, %v; a valid ID: %v", name, n, err, validID(name))
		}
		if strings.Contains(name, "ann") || strings.Contains(name, "the-session") {
			t.Errorf("key %q has an ID in clear", name)
		}
	}
}

func TestIndexLivesForThirtyDaysMore(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	set := store.userKey(sumOf("ann"))
	for _, step := range []struct{ expiry, owner, set time.Duration }{
		{day, 31 * day, 31 * day}, {10 * day, 40 * day, 40 * day},
		{time.Hour, 30*day + time.Hour, 40 * day}, {-day, 30 * day, 40 * day},
	} {
		if err := store.SetUser(t.Context(), "s", "ann", time.Now().Add(step.expiry)); err != nil {
			t.Fatal(err)
		}
		lasts(t, store, store.ownerKey("s"), step.owner)
		lasts(t, store, set, step.set)
	}
	if err := store.SetUser(t.Context(), "far", "ann", time.Unix(1<<40, 0)); err != nil {
		t.Errorf("an expiry far away: %v", err)
	}
	setUser(t, store, "s", "")
	if n, err := store.client.Exists(t.Context(), store.ownerKey("s")).Result(); n != 0 || err != nil {
		t.Errorf("the key of a session that is nobody's: %d, %v", n, err)
	}
}

// What SetUser writes first does not count until it has written the second.
func TestSetUserThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"evalsha", "set"} {
		store := openStore(t, testserver.Redis(t), newPrefix())
		save(t, store, "s", "x")
		setUser(t, store, "s", "ann")
		failing := New(newTestClient(t, testserver.Redis(t)), session.WithRedisPrefix(store.Prefix()))
		failing.client.AddHook(refusing{command, ""})
		if err := failing.SetUser(t.Context(), "s", "bob", time.Now().Add(time.Hour)); !errors.Is(err, errRefused) {
			t.Errorf("SetUser without %s: %v", command, err)
		}
		wantSessions(t, store, "ann", "s")
		wantSessions(t, store, "bob")
	}
}

func TestSetUserThatEndsHalfWayChangesNothing(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	save(t, store, "s", "x")
	setUser(t, store, "s", "ann")
	if _, err := store.enter(t.Context(), sumOf("bob"), "s", time.Hour); err != nil {
		t.Fatal(err)
	}
	wantSessions(t, store, "ann", "s")
	wantSessions(t, store, "bob")
	if ids, err := store.RevokeUser(t.Context(), "bob"); len(ids) != 0 || err != nil {
		t.Errorf("RevokeUser: %q, %v", ids, err)
	}
	wantLoad(t, store, "s", "x")
	setUser(t, store, "s", "bob")
	wantSessions(t, store, "ann")
	wantSessions(t, store, "bob", "s")
	wantEntries(t, store, "ann", "s") // it has not ended
}

// An entry that ended goes a day later, unless its session lives: then it goes on with it.
func TestEndedEntriesAreSettled(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]func(t *testing.T, store *Store){
		"by UserSessions": func(t *testing.T, s *Store) { wantSessions(t, s, "ann", "fresh", "lives", "recent-lives") },
		"by SetUser":      func(t *testing.T, s *Store) { setUser(t, s, "unsaved", "ann") },
	} {
		t.Run(name, func(t *testing.T) {
			store := openStore(t, testserver.Redis(t), newPrefix())
			for _, id := range []string{"fresh", "lives", "recent-lives", "others", "nobodys"} {
				save(t, store, id, "x")
			}
			for _, id := range []string{"fresh", "lives", "recent-lives", "recent", "others", "nobodys", "gone", "unsaved"} {
				setUser(t, store, id, "ann")
			}
			for _, id := range []string{"lives", "others", "nobodys", "gone"} {
				age(t, store, "ann", id, day+time.Minute)
			}
			for _, id := range []string{"recent-lives", "recent"} {
				age(t, store, "ann", id, day-time.Minute)
			}
			setUser(t, store, "others", "bob")
			setUser(t, store, "nobodys", "")
			settle(t, store)
			wantEntries(t, store, "ann", "fresh", "lives", "recent", "recent-lives", "unsaved")
			wantSessions(t, store, "ann", "fresh", "lives", "recent-lives")
			wantSessions(t, store, "bob", "others")
			score, err := store.client.ZScore(t.Context(), store.userKey(sumOf("ann")), "lives").Result()
			if until := time.Until(time.UnixMilli(int64(score))); err != nil || until < 59*time.Minute || until > time.Hour {
				t.Errorf("the entry of a session that lives for an hour holds for %v (%v)", until, err)
			}
			ids, err := store.RevokeUser(t.Context(), "ann")
			if err != nil || fmt.Sprint(ids) != "[fresh lives recent-lives unsaved]" {
				t.Errorf("RevokeUser: %q, %v", ids, err)
			}
		})
	}
}

// A session that was touched for weeks keeps its entry, and the keys of it, when it is settled.
func TestSettlingLengthensTheKeys(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	save(t, store, "s", "x")
	setUser(t, store, "s", "ann")
	age(t, store, "ann", "s", 2*day)
	for _, key := range []string{store.userKey(sumOf("ann")), store.ownerKey("s")} {
		if err := store.client.PExpire(t.Context(), key, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
	wantSessions(t, store, "ann", "s")
	lasts(t, store, store.userKey(sumOf("ann")), 30*day+time.Hour)
	lasts(t, store, store.ownerKey("s"), 30*day+time.Hour)
}

// Between the look at an ended entry and its removal the session may be set again.
func TestSettlingLeavesAloneWhatWasSetAgain(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	setUser(t, store, "s", "ann")
	age(t, store, "ann", "s", 2*day)
	entries, now, err := store.entries(t.Context(), sumOf("ann"))
	if err != nil || len(ended(entries, now)) != 1 {
		t.Fatalf("%+v, %v", entries, err)
	}
	setUser(t, store, "s", "ann")
	store.settle(t.Context(), sumOf("ann"), ended(entries, now), nil)
	wantEntries(t, store, "ann", "s")
	age(t, store, "ann", "s", 3*day)
	store.settle(t.Context(), sumOf("ann"), ended(entries, now), nil)
	wantEntries(t, store, "ann", "s")
}

func TestSettlingIsBounded(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	for i := range 600 {
		if _, err := store.enter(t.Context(), sumOf("ann"), fmt.Sprint(i), 0); err != nil {
			t.Fatal(err)
		}
		age(t, store, "ann", fmt.Sprint(i), 2*day)
	}
	card := func() int64 {
		n, err := store.client.ZCard(t.Context(), store.userKey(sumOf("ann"))).Result()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	wantSessions(t, store, "ann")
	if n := card(); n != 600-listSettles {
		t.Errorf("%d entries are left", n)
	}
	setUser(t, store, "0", "ann")
	if n := card(); n != 600-listSettles-setUserSettles+1 {
		t.Errorf("%d entries are left", n)
	}
}

// An error of RevokeUser comes with what was deleted all the same.
func TestRevokeUserNamesWhatItDeleted(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	for _, id := range []string{"a", "b", "c"} {
		save(t, store, id, "x")
		setUser(t, store, id, "ann")
	}
	store.client.AddHook(refusing{"del", store.key("b")})
	ids, err := store.RevokeUser(t.Context(), "ann")
	if !errors.Is(err, errRefused) || fmt.Sprint(ids) != "[a c]" {
		t.Errorf("RevokeUser: %q, %v", ids, err)
	}
	wantMissing(t, store, "a")
	wantLoad(t, store, "b", "x")
}

var errRefused = errors.New("refused")

// refusing is a hook that fails a command, alone or in a pipeline; an empty key stands for any.
type refusing struct{ command, key string }

func (h refusing) refuses(cmd goredis.Cmder) bool {
	return cmd.Name() == h.command && (h.key == "" || cmd.Args()[1] == h.key)
}

func (h refusing) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (h refusing) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if h.refuses(cmd) {
			cmd.SetErr(errRefused)
			return errRefused
		}
		return next(ctx, cmd)
	}
}

func (h refusing) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		i := slices.IndexFunc(cmds, h.refuses)
		if i < 0 {
			return next(ctx, cmds)
		}
		err := next(ctx, slices.Delete(slices.Clone(cmds), i, i+1))
		cmds[i].SetErr(errRefused)
		return errors.Join(err, errRefused)
	}
}
