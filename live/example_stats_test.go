package live_test

import (
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
)

// Stats takes the same short time however many sessions there are: expvar, a Prometheus collector or a ticker may ask
// whenever they like.
func ExampleHost_Stats() {
	host, err := live.NewHost(live.Config{Key: []byte("32 random bytes, kept somewhere!")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = host.Shutdown(context.Background()) }()                // an empty host has nothing to lose
	expvar.Publish("limpet", expvar.Func(func() any { return host.Stats() })) // served at /debug/vars

	var stats session.ManagerStats
	if err := json.Unmarshal([]byte(expvar.Get("limpet").String()), &stats); err != nil {
		fmt.Println(err)
	}
	fmt.Println(stats.Connected, "connected,", stats.Unsaved, "unsaved")
	// Output: 0 connected, 0 unsaved
}

// alarms says what somebody should look at, from two readings of Stats.
func alarms(before, now session.ManagerStats, mostUnsaved int64) (alarms []string) {
	alarm := func(when bool, what string) {
		if when {
			alarms = append(alarms, what)
		}
	}
	alarm(now.LostUnsaved > before.LostUnsaved, "state was lost")
	alarm(now.UnsavedBytes+256*int64(now.Unsaved) > mostUnsaved/2, "soon state will be lost")
	alarm(now.OldestUnsaved > 30*time.Second, "the store does not keep up")
	alarm(now.OldestDirty > 30*time.Second, "snapshots do not keep up")
	alarm(now.Overloaded > before.Overloaded, "resumes are turned away")
	return alarms
}

func ExampleHost_Stats_alarms() {
	before := session.ManagerStats{Connected: 9000}
	now := session.ManagerStats{Connected: 9100, Unsaved: 40_000, UnsavedBytes: 160 << 20, OldestUnsaved: time.Minute, StoreErrors: 812}
	for _, alarm := range alarms(before, now, 256<<20) {
		fmt.Println(alarm)
	}
	// Output:
	// soon state will be lost
	// the store does not keep up
}
