package session_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// takesAll is a store that says that it has everything.
type takesAll struct{ session.SessionStore }

func (takesAll) Save(context.Context, string, []byte, time.Time) error         { return nil }
func (takesAll) Touch(context.Context, string, time.Time) error                { return nil }
func (takesAll) SaveAll(context.Context, map[string]session.SessionData) error { return nil }

// TestADetachedSessionTakesLittleMemory holds the bound of what a detached session takes beside the bytes of its state:
// its ID and its address, which no other has, included.
func TestADetachedSessionTakesLittleMemory(t *testing.T) {
	const n, mostBytes, mostObjects = 20000, 290, 1.1
	for _, idLen := range []int{32, 43} {
		for name, address := range map[string]string{"one IPv4 address each": "10.0.%d.%d", "one IPv6 network each": "2001:db8:%x:%x::1"} {
			t.Run(fmt.Sprint("IDs of ", idLen, " bytes and ", name), func(t *testing.T) {
				m := session.NewManager(takesAll{}, session.ManagerConfig{MaxDetachedSessions: -1, ResumeWindow: time.Hour}, nil)
				data := make([]byte, 1024)
				bytes, objects := heapInUse()
				for i := range n {
					id := fmt.Sprintf("%0*d", idLen, i)
					connect(t, m, &session.ManagedSession{ID: id, IP: fmt.Sprintf(address, i>>8&255, i&255)}).Detach(data)
					for i%100 == 0 && m.Stats().Unsaved > 0 {
						runtime.Gosched()
					}
				}
				for m.Stats().Unsaved > 0 {
					runtime.Gosched()
				}
				bytesAfter, objectsAfter := heapInUse()
				perBytes := float64(bytesAfter-bytes)/n - float64(len(data))
				perObjects := float64(objectsAfter-objects)/n - 1
				t.Logf("%.1f bytes, %.3f objects", perBytes, perObjects)
				if st := m.Stats(); st.Detached != n || st.UniqueIPs != n {
					t.Fatalf("stats %+v", st)
				}
				if perBytes > mostBytes || perObjects >= mostObjects {
					t.Errorf("a detached session takes %.1f bytes in %.3f objects, more than %d in %.1f", perBytes, perObjects, mostBytes, mostObjects)
				}
				if err := m.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// heapInUse returns the bytes and the objects in use after a garbage collection.
func heapInUse() (bytes, objects uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}
