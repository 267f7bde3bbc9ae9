package storm_test

import (
	"slices"
	"testing"

	"github.com/limpet-go/limpet/integration/storm"
)

// TestStateProvesItself makes sure that the tests would see a state that is another session's, or torn.
func TestStateProvesItself(t *testing.T) {
	id := storm.ID(1, 1)
	state := storm.State(id, 7)
	if version, err := storm.Version(id, state); err != nil || version != 7 {
		t.Fatalf("version %d, %v", version, err)
	}
	torn := append(slices.Clone(state[:600]), storm.State(id, 8)[600:]...)
	for name, bad := range map[string][]byte{
		"nothing": nil, "half": state[:len(state)/2], "another's": storm.State(storm.ID(1, 2), 7), "torn": torn,
	} {
		if _, err := storm.Version(id, bad); err == nil {
			t.Errorf("%s passes for a state", name)
		}
	}
}
