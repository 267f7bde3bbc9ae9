package limpet_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/internal/leak"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
	"github.com/limpet-go/limpet/state"
)

func TestMain(m *testing.M) { os.Exit(leak.Main(m)) }

const id = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"

type item struct {
	Name string
	Qty  int
	At   time.Time
}

func serialize(t *testing.T, s *limpet.Session) []byte {
	t.Helper()
	data, err := s.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func restored(t *testing.T, data []byte) *limpet.Session {
	t.Helper()
	s := limpet.NewSession(id)
	if err := s.Deserialize(data); err != nil {
		t.Fatal(err)
	}
	return s
}

func scope(s *limpet.Session) *setup.Scope {
	sc := setup.NewScope(s, "Test")
	return &sc
}

func noProblems(t *testing.T, s *limpet.Session) {
	t.Helper()
	if p := s.Problems(); len(p) > 0 {
		t.Fatalf("problems: %v", p)
	}
}

func TestEverythingOfASessionRoundTrips(t *testing.T) {
	s := limpet.NewSession(id)
	s.SetUserID("user-7")
	s.SetRoute("/rooms/9", map[string]string{"id": "9"})
	s.SetAuthHints(session.AuthHintsV1{HadAuth: true})
	active := time.Date(2030, 1, 2, 3, 4, 5, 678e6, time.UTC)
	s.SetLastActive(active)
	items := []item{{"pear", 3, active}}
	setup.SharedSignal(scope(s), []item(nil), setup.Key("items")).Set(items)

	r := restored(t, serialize(t, s))
	got := setup.SharedSignal(scope(r), []item(nil), setup.Key("items")).Get()
	noProblems(t, r)
	if len(got) != 1 || got[0].Name != "pear" || got[0].Qty != 3 || !got[0].At.Equal(active) {
		t.Errorf("items = %v", got)
	}
	if r.UserID() != "user-7" || r.Route() != "/rooms/9" || r.RouteParams()["id"] != "9" || !r.AuthHints().HadAuth {
		t.Errorf("user %q route %q params %v hints %v", r.UserID(), r.Route(), r.RouteParams(), r.AuthHints())
	}
	if !r.LastActive().Equal(active) || r.CreatedAt().Sub(s.CreatedAt()).Abs() > time.Millisecond {
		t.Errorf("times: %v %v", r.LastActive(), r.CreatedAt())
	}
}

func TestSignalsMayBeDeclaredBeforeOrAfterDeserialize(t *testing.T) {
	s := limpet.NewSession(id)
	setup.SharedSignal(scope(s), 0, setup.Key("n")).Set(41)
	data := serialize(t, s)

	before := limpet.NewSession(id)
	n := setup.SharedSignal(scope(before), 7, setup.Key("n"))
	other := setup.SharedSignal(scope(before), []int{1}, setup.Key("other"))
	other.Get()[0] = 99
	if err := before.Deserialize(data); err != nil {
		t.Fatal(err)
	}
	if n.Get() != 41 || !reflect.DeepEqual(other.Get(), []int{1}) {
		t.Errorf("declared before: n = %d, other = %v; want 41 and its initial value", n.Get(), other.Get())
	}
	after := restored(t, data)
	if n := setup.SharedSignal(scope(after), 7, setup.Key("n")).Get(); n != 41 {
		t.Errorf("declared after: n = %d", n)
	}
}

func TestWhatNoDeclarationClaimsIsKept(t *testing.T) {
	s := limpet.NewSession(id)
	setup.SharedSignal(scope(s), "", setup.Key("kept")).Set("still here")
	limpet.NewSessionKey[string]("kept too").Set(s, "and here")
	once := restored(t, serialize(t, s))
	setup.SharedSignal(scope(once), 0, setup.Key("new"))
	twice := restored(t, serialize(t, once))

	if c, why := state.CompareSchemas(s.Schema(), twice.Schema()); c != state.CompatibilityAdditive {
		t.Errorf("schema of a session that carries values along is %v to the one it came from: %v", c, why)
	}
	if v := setup.SharedSignal(scope(twice), "", setup.Key("kept")).Get(); v != "still here" {
		t.Errorf("signal = %q", v)
	}
	if v := limpet.NewSessionKey[string]("kept too").Get(twice); v != "and here" {
		t.Errorf("key = %q", v)
	}
}

func TestDeserializeRefusesAndChangesNothing(t *testing.T) {
	s := limpet.NewSession(id)
	setup.SharedSignal(scope(s), "", setup.Key("a")).Set("text")
	setup.SharedSignal(scope(s), "", setup.Key("b")).Set("text")
	data := serialize(t, s)

	foreign := limpet.NewSession(strings.ToLower(id))
	if err := foreign.Deserialize(data); !errors.Is(err, limpet.ErrWrongSession) {
		t.Errorf("another session's bytes: %v", err)
	}
	r := limpet.NewSession(id)
	a := setup.SharedSignal(scope(r), "mine", setup.Key("a"))
	b := setup.SharedSignal(scope(r), 5, setup.Key("b"))
	err := r.Deserialize(data)
	if err == nil || !strings.Contains(err.Error(), `"b"`) || strings.Contains(err.Error(), "text") {
		t.Errorf("error %v; want one that names the key and not the value", err)
	}
	if a.Get() != "mine" || b.Get() != 5 {
		t.Errorf("a = %q, b = %d after a refused Deserialize", a.Get(), b.Get())
	}
	for _, bad := range [][]byte{nil, {}, []byte("{"), []byte("x"), data[:len(data)-1]} {
		if r.Deserialize(bad) == nil {
			t.Errorf("%d bad bytes accepted", len(bad))
		}
	}
}

func TestAValueThatItsDeclarationCannotDecodeIsAProblem(t *testing.T) {
	s := limpet.NewSession(id)
	setup.SharedSignal(scope(s), "", setup.Key("n")).Set("text")
	r := restored(t, serialize(t, s))
	if n := setup.SharedSignal(scope(r), 5, setup.Key("n")); n.Get() != 5 {
		t.Errorf("n = %d", n.Get())
	}
	if p := r.Problems(); len(p) != 1 || !strings.Contains(p[0].Error(), `"n"`) {
		t.Errorf("problems: %v", p)
	}
	if c, _ := state.CompareSchemas(s.Schema(), r.Schema()); c != state.CompatibilityIncompatible {
		t.Errorf("schemas are %v", c)
	}
}

func TestOneKeyIsOneSignal(t *testing.T) {
	s := limpet.NewSession(id)
	a := setup.SharedSignal(scope(s), 1, setup.Key("n"))
	b := setup.SharedSignal(scope(s), 2, setup.Key("n"))
	a.Update(func(n int) int { return n + 10 })
	if b.Get() != 11 || a.Key() != "n" {
		t.Errorf("b = %d", b.Get())
	}
	noProblems(t, s)
	c := setup.SharedSignal(scope(s), "other type", setup.Key("n"))
	if len(s.Problems()) != 1 || c.Get() != "other type" || a.Get() != 11 {
		t.Errorf("problems %v, c = %q, a = %d", s.Problems(), c.Get(), a.Get())
	}
}

func TestATypeThatCannotBePersistedIsNamedBySerialize(t *testing.T) {
	s := limpet.NewSession(id)
	setup.SharedSignal(scope(s), func() {}, setup.Key("callback"))
	if _, err := s.Serialize(); err == nil || !strings.Contains(err.Error(), `"callback"`) {
		t.Errorf("error %v", err)
	}
}
