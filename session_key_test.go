package limpet_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

func TestSessionKeysHaveDefaultsOfTheirOwn(t *testing.T) {
	tags := limpet.NewSessionKey("tags", limpet.Default([]string{"a"}))
	one, two := limpet.NewSession(id), limpet.NewSession(id)
	tags.Get(one)[0] = "changed in place"
	if got := tags.Get(two); !reflect.DeepEqual(got, []string{"a"}) {
		t.Errorf("another session's default is %v", got)
	}
	if got := tags.Get(restored(t, serialize(t, one))); !reflect.DeepEqual(got, []string{"a"}) {
		t.Errorf("a default that was never set was persisted: %v", got)
	}
}

func TestSessionKeySetAndDelete(t *testing.T) {
	n := limpet.NewSessionKey("n", limpet.Default(7))
	s := limpet.NewSession(id)
	n.Set(s, 0)
	s = restored(t, serialize(t, s))
	if got := n.Get(s); got != 0 {
		t.Errorf("n = %d; a zero value that was set counts", got)
	}
	n.Delete(s)
	if got := n.Get(s); got != 7 {
		t.Errorf("deleted n = %d", got)
	}
	if got := n.Get(restored(t, serialize(t, s))); got != 7 {
		t.Errorf("deleted n came back as %d", got)
	}
	if n.Name() != "n" {
		t.Errorf("name %q", n.Name())
	}
}

func TestTwoKeysOfOneNameAndTwoTypesAreAProblem(t *testing.T) {
	s := limpet.NewSession(id)
	limpet.NewSessionKey[int]("n").Set(s, 1)
	limpet.NewSessionKey[string]("n").Set(s, "x")
	if len(s.Problems()) != 1 {
		t.Errorf("problems: %v", s.Problems())
	}
	if n := limpet.NewSessionKey[int]("n").Get(s); n != 1 {
		t.Errorf("n = %d", n)
	}
}

func TestVersion1SessionsAreRead(t *testing.T) {
	v1, err := session.Serialize(&session.SerializableSession{
		ID:      id,
		UserID:  "user-7",
		Values:  map[string]json.RawMessage{"theme": json.RawMessage(`"dark"`), "unclaimed": json.RawMessage(`{"a":[1]}`)},
		Signals: map[string]json.RawMessage{"n": json.RawMessage(`-22`), "items": json.RawMessage(`[{"Name":"pear","Qty":3}]`), "later": json.RawMessage(`5`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := restored(t, v1)
	if n := setup.SharedSignal(scope(s), 0, setup.Key("n")).Get(); n != -22 {
		t.Errorf("n = %d", n)
	}
	items := setup.SharedSignal(scope(s), []item(nil), setup.Key("items")).Get()
	if len(items) != 1 || items[0].Name != "pear" {
		t.Errorf("items = %v", items)
	}
	if theme := limpet.NewSessionKey[string]("theme").Get(s); theme != "dark" {
		t.Errorf("theme = %q", theme)
	}
	again := restored(t, serialize(t, s))
	if n := setup.SharedSignal(scope(again), 0, setup.Key("later")).Get(); n != 5 {
		t.Errorf("a signal claimed after another round trip = %d", n)
	}
	if m := limpet.NewSessionKey[map[string][]int]("unclaimed").Get(again); !reflect.DeepEqual(m, map[string][]int{"a": {1}}) {
		t.Errorf("unclaimed = %v", m)
	}
	noProblems(t, s)
	noProblems(t, again)
}

func TestLegacyValuesOfVersion2AreRead(t *testing.T) {
	data, err := session.SerializeV2(session.MigrateV1ToV2(&session.SerializableSession{
		ID:     id,
		Values: map[string]json.RawMessage{"theme": json.RawMessage(`"dark"`)},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if theme := limpet.NewSessionKey[string]("theme").Get(restored(t, data)); theme != "dark" {
		t.Errorf("theme = %q", theme)
	}
}
