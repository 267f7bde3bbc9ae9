package setup_test

import (
	"reflect"
	"testing"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

const id = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"

func serialize(t *testing.T, s *limpet.Session) []byte {
	t.Helper()
	data, err := s.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTransientAndLocalSignalsAreNotPersisted(t *testing.T) {
	s := limpet.NewSession(id)
	scope := setup.NewScope(s, "Test")
	sc := &scope
	setup.Signal(sc, 0).Set(1)
	setup.SharedSignal(sc, 0, setup.Key("a"), setup.Transient()).Set(2)
	setup.SharedSignal(sc, 0, setup.Config(&session.SignalConfig{Transient: true, PersistKey: "b"})).Set(3)
	setup.SharedSignal(sc, 0, setup.Config(&session.SignalConfig{PersistKey: "c"})).Set(4)
	ss, err := session.DeserializeV2(serialize(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if len(ss.Signals) != 1 || ss.Signals["c"] == nil {
		t.Errorf("persisted signals: %d; want only the one under its PersistKey", len(ss.Signals))
	}
}

func TestPositionalKeysAreReportedAndStable(t *testing.T) {
	declare := func(s *limpet.Session) *limpet.Signal[int] {
		sc := setup.NewScope(s, "Counter")
		setup.Signal(&sc, 0)
		setup.SharedSignal(&sc, 0, setup.Key("named"))
		return setup.SharedSignal(&sc, 0)
	}
	s := limpet.NewSession(id)
	declare(s).Set(5)
	if got := s.PositionalKeys(); !reflect.DeepEqual(got, []string{"Counter#3"}) {
		t.Errorf("positional keys %v", got)
	}
	r := limpet.NewSession(id)
	if err := r.Deserialize(serialize(t, s)); err != nil {
		t.Fatal(err)
	}
	if n := declare(r).Get(); n != 5 {
		t.Errorf("n = %d", n)
	}
}
