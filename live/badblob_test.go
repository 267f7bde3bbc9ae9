package live_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
	"github.com/limpet-go/limpet/state"
)

// recordingStore remembers the ID of every session that was saved.
type recordingStore struct {
	*session.MemoryStore
	ids chan string
}

func (s *recordingStore) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	s.ids <- id
	return s.MemoryStore.Save(ctx, id, data, until)
}

func (s *recordingStore) SaveAll(ctx context.Context, all map[string]session.SessionData) error {
	for id := range all {
		s.ids <- id
	}
	return s.MemoryStore.SaveAll(ctx, all)
}

// storedTab runs a tab with the input 1 on a node of its own and returns the tab, the ID under which its state is in
// the store, and that state.
func storedTab(t *testing.T, store *session.MemoryStore) (tab *line, id string, data []byte) {
	t.Helper()
	recording := &recordingStore{store, make(chan string, 1000)}
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = recording })
	tab = n.open(n.browser(), "")
	tab.add(1)
	tab.untilDurable(1)
	_ = tab.Cut()
	if err := n.host.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	id = <-recording.ids
	data, err := store.Load(t.Context(), id)
	if err != nil || data == nil {
		t.Fatalf("load: %v, %v", data, err)
	}
	return tab, id, data
}

// reseal returns a genuine blob of the same session with another payload or version.
func reseal(t *testing.T, data []byte, id string, change func([]byte) []byte, version uint16) []byte {
	t.Helper()
	keys, err := live.NewKeyring([][]byte{testKey})
	if err != nil {
		t.Fatal(err)
	}
	payload, header, err := keys.Decode(id, data)
	if err != nil {
		t.Fatal(err)
	}
	data, err = keys.Encode(id, change(payload), header.SchemaHash, version)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// otherShop declares the shop's key with another type.
func otherShop(s *setup.Scope) live.View {
	setup.SharedSignal(s, 7, setup.Key("log"))
	return live.View{Template: shopTemplate, Data: func() any { return map[string]any{} }}
}

func TestPromise9ABadBlobStartsFreshAndStaysAsItWas(t *testing.T) {
	for _, test := range []struct {
		name   string
		reason string
		spoil  func(t *testing.T, data []byte, id string) []byte
		mount  live.Mount
	}{
		{"tampered", "signature", func(_ *testing.T, d []byte, _ string) []byte { d[len(d)-40] ^= 1; return d }, nil},
		{"truncated", "signature", func(_ *testing.T, d []byte, _ string) []byte { return d[:len(d)-5] }, nil},
		{"empty", "blob", func(*testing.T, []byte, string) []byte { return nil }, nil},
		{"garbage", "blob", func(*testing.T, []byte, string) []byte { return []byte("<html>not a blob at all</html>") }, nil},
		{"foreign", "signature", func(t *testing.T, _ []byte, _ string) []byte {
			_, _, data := storedTab(t, memoryStore(t))
			return data
		}, nil},
		{"future version", "version", func(t *testing.T, d []byte, id string) []byte {
			return reseal(t, d, id, func(payload []byte) []byte { return payload }, state.SchemaVersionID+1)
		}, nil},
		{"genuine but undecodable", "state", func(t *testing.T, d []byte, id string) []byte {
			return reseal(t, d, id, func([]byte) []byte { return []byte("\xff junk") }, state.SchemaVersionID)
		}, nil},
		{"incompatible", "schema", nil, otherShop},
		{"panicking mount", "mount", nil, func(s *setup.Scope) live.View {
			if s.Session().CreatedAt().Before(time.Now().Add(-time.Millisecond)) {
				panic("old state")
			}
			return (&shop{}).mount(s)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := memoryStore(t)
			tab, id, data := storedTab(t, store)
			if test.spoil != nil {
				data = test.spoil(t, data, id)
				if err := store.Save(t.Context(), id, data, time.Now().Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
			}
			mount := test.mount
			if mount == nil {
				mount = (&shop{}).mount
			}
			n := newNode(t, mount, func(c *live.Config) { c.Store = store })
			fresh := n.open(tab.browser, tab.welcome.Tab)
			if !fresh.welcome.Fresh || fresh.welcome.Tab == tab.welcome.Tab || strings.Contains(fresh.welcome.HTML, "[1]") {
				t.Errorf("welcome %+v", fresh.welcome)
			}
			lines := n.log.lines("not resumed")
			if len(lines) != 1 || !strings.Contains(lines[0], "reason="+test.reason+" ") {
				t.Errorf("log %q, want one line with reason %s", lines, test.reason)
			}
			if strings.Contains(strings.Join(n.log.lines(""), ""), id) {
				t.Error("the log holds a session ID")
			}
			_ = fresh.Cut()
			if err := n.host.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			after, err := store.Load(t.Context(), id)
			if err != nil || !bytes.Equal(after, data) {
				t.Errorf("the stored blob changed: %v", err)
			}
		})
	}
}

func TestDeclaredButNeverSetKeyDoesNotSpoilAResume(t *testing.T) {
	store := memoryStore(t)
	a := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	b := a.browser()
	tab := a.open(b, "")
	tab.send(lineInput(1, "late")) // declares a key that mount does not declare, and sets nothing
	tab.add(2)
	tab.untilDurable(2)
	_ = tab.Cut()
	if err := a.host.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	next := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	if again := next.open(b, tab.welcome.Tab); again.welcome.Fresh {
		t.Errorf("log %q", next.log.lines(""))
	}
}
