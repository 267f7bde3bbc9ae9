package bench

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// BenchmarkManagerMemory reports what a detached session takes beyond its state's bytes, its ID of 43 bytes and an
// address that no other has included: in bytes, in objects on the heap, and in processor time of one garbage collection
// of them all.
func BenchmarkManagerMemory(b *testing.B) {
	for _, n := range managerSizes() {
		for _, c := range managerContenders {
			b.Run(fmt.Sprintf("n=%d/impl=%s", n, c.impl), func(b *testing.B) {
				var bytes, objects, cpu float64
				for range b.N {
					m, perSession, inObjects := detachedMemory(b, c, n)
					bytes, objects, cpu = bytes+perSession, objects+inObjects, cpu+collection().Seconds()
					shutdown(b, m)
				}
				b.ReportMetric(bytes/float64(b.N), "B/session")
				b.ReportMetric(objects/float64(b.N), "objects/session")
				b.ReportMetric(cpu*1e3/float64(b.N), "gc-cpu-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// detachedMemory detaches many sessions and returns what each takes. Everything that a caller hands over is a copy that
// only the manager has afterwards.
func detachedMemory(b *testing.B, c managerContender, n int) (m manager, bytes, objects float64) {
	data := payload(sessionBytes)
	bytesBefore, objectsBefore := heap()
	m = c.open(discard{}, managerOptions{maxDetached: -1, window: time.Hour})
	for i := range n {
		id := strings.Repeat("-", 33) + fmt.Sprintf("%010d", i)
		ip := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		if err := m.Register(&session.ManagedSession{ID: id, IP: ip}); err != nil {
			b.Fatal(err)
		}
		m.OnDisconnect(id, data)
		if i%1000 == 0 {
			settle(m)
		}
	}
	settle(m)
	bytesAfter, objectsAfter := heap()
	per := func(before, after uint64) float64 { return float64(int64(after-before)) / float64(n) }
	return m, per(bytesBefore, bytesAfter) - sessionBytes, per(objectsBefore, objectsAfter) - 1
}

// heap returns the bytes and the objects in use after a garbage collection.
func heap() (bytes, objects uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}
