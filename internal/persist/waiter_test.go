package persist_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

func TestWhoWaitsForAWriteInFlightIsNotToldOfOneThatIsPushedOut(t *testing.T) {
	bubble(t, persist.Config{MaxBytes: 1000}, func(t *testing.T, p *persist.Pipeline, s *store) {
		until := time.Now().Add(time.Hour)
		_, done, _ := p.PutWait(persist.Write{ID: "a", Op: persist.Save, Data: []byte("first"), Expires: until})
		synctest.Wait() // it is in flight
		_, lost := p.Put(persist.Write{ID: "a", Op: persist.Save, Data: make([]byte, 2000), Expires: until})
		if len(lost) != 1 {
			t.Fatal(lost)
		}
		after(time.Second)
		if err := <-done; err != nil {
			t.Errorf("first: %v; the store did %v", err, s.done)
		}
	})
}
