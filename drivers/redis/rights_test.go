package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// documentedRights reads the package comment: rights by the word that begins what they are for.
func documentedRights(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "//\t+") {
			continue
		}
		words := strings.Fields(line[len("//"):])
		what := slices.IndexFunc(words, func(w string) bool { return w[0] != '+' })
		rights[words[what]] = append(rights[words[what]], words[:what]...)
	}
	if len(rights) != 5 {
		t.Fatalf("documented rights: %v", rights)
	}
	return rights
}

// withRights is a store of a user who has these rights and no others, whom admin makes. It returns the user's name too.
func withRights(t *testing.T, admin goredis.UniversalClient, server string, rights ...string) (store *Store, name string) {
	t.Helper()
	prefix := newPrefix()
	name = "u" + rand.Text()
	args := []any{"acl", "setuser", name, "on", ">tide", "resetchannels", "~" + escapeGlob(prefix) + "*"}
	for _, right := range rights {
		args = append(args, right)
	}
	onEachServer(t, admin, args...)
	t.Cleanup(func() { onEachServer(t, admin, "acl", "deluser", name) })
	u, err := url.Parse(withParam(t, server, "prefix", prefix))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, "tide")
	return mustOpen(t, u.String()), name
}

func onEachServer(t *testing.T, admin goredis.UniversalClient, args ...any) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var err error
	if cluster, ok := admin.(*goredis.ClusterClient); ok {
		err = cluster.ForEachShard(ctx, func(ctx context.Context, c *goredis.Client) error { return c.Do(ctx, args...).Err() })
	} else {
		err = admin.Do(ctx, args...).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// useAll makes every call on sessions that exist, and has the index tidied up. It returns what went wrong.
func useAll(t *testing.T, s *Store, admin goredis.UniversalClient) map[string]error {
	t.Helper()
	ctx := t.Context()
	user := s.userKey(sumOf("secret-user"))
	for _, err := range []error{
		admin.ZAdd(ctx, user, goredis.Z{Score: 1, Member: "ended"}).Err(),
		admin.Set(ctx, s.key("other"), "x", time.Hour).Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	errs := everyCall(ctx, s)
	if n, err := admin.ZCard(ctx, user).Result(); err != nil || n != 1 {
		errs["settle"] = errors.Join(errors.New("the entry that ended is still there"), err)
	}
	return errs
}

func TestDocumentedRightsAreEnough(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(testing.TB) string{
		"single": testserver.Redis, "cluster": testserver.RedisCluster,
	} {
		t.Run(name, func(t *testing.T) {
			rights, raw := documentedRights(t), server(t)
			if name == "single" {
				raw = strings.TrimSuffix(raw, "/0") + "/1"
				delete(rights, "Cluster")
			} else {
				delete(rights, "database")
			}
			var all []string
			for _, list := range rights {
				all = append(all, list...)
			}
			admin := newTestClient(t, raw)
			store, user := withRights(t, admin, raw, all...)
			for call, err := range useAll(t, store, admin) {
				if err != nil {
					t.Errorf("%s: %v", call, err)
				}
			}
			wantNothingRefused(t, admin, user)
			err := New(store.client, session.WithRedisPrefix("x:")).Delete(t.Context(), "s")
			if err == nil || !strings.Contains(err.Error(), "NOPERM") {
				t.Errorf("with another prefix: %v", err)
			}
		})
	}
}

// wantNothingRefused looks for commands that nobody asked for, such as those of a connection's greeting.
func wantNothingRefused(t *testing.T, admin goredis.UniversalClient, user string) {
	t.Helper()
	look := func(ctx context.Context, c *goredis.Client) error {
		entries, err := c.ACLLog(ctx, 1000).Result()
		for _, e := range entries {
			if e.Username == user {
				err = errors.Join(err, fmt.Errorf("the server refused %q: %s", e.Object, e.Reason))
			}
		}
		return err
	}
	var err error
	if cluster, ok := admin.(*goredis.ClusterClient); ok {
		err = cluster.ForEachShard(t.Context(), look)
	} else {
		err = look(t.Context(), admin.(*goredis.Client))
	}
	if err != nil {
		t.Error(err)
	}
}

// Without any one of the documented rights, something fails.
func TestDocumentedRightsAreTheLeast(t *testing.T) {
	t.Parallel()
	rights, server := documentedRights(t), testserver.StartRedis(t)
	admin := newTestClient(t, server.URL())
	all := named(slices.Concat(rights["sessions"], rights["Scan"], rights["SetUser,"]))
	for _, missing := range slices.DeleteFunc(slices.Clone(all), func(right string) bool { return right == "+get" }) {
		if err := admin.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		granted := slices.DeleteFunc(slices.Clone(all), func(right string) bool { return right == missing })
		failed := 0
		store, _ := withRights(t, admin, server.URL(), granted...)
		for _, err := range useAll(t, store, admin) {
			if err != nil {
				failed++
			}
		}
		if failed == 0 {
			t.Errorf("nothing needs %s", missing)
		}
	}
}

// The rights for sessions alone are enough for all that every store can.
func TestRightsForSessions(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	admin := newTestClient(t, server)
	store, _ := withRights(t, admin, server, documentedRights(t)["sessions"]...)
	for call, err := range useAll(t, store, admin) {
		more := call == "Scan" || call == "settle" || strings.Contains(call, "User") && call != "SetUser empty"
		if more == (err == nil) {
			t.Errorf("%s: %v", call, err)
		}
	}
}
