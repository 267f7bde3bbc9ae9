package main

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
)

const watchEvery = 5 * time.Millisecond

// watch notes the most that the process uses.
type watch struct {
	stop, done chan struct{}
	heap       uint64
	goroutines int
}

func startWatch() *watch {
	w := &watch{stop: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *watch) run() {
	defer close(w.done)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		w.look()
		select {
		case <-tick.C:
		case <-w.stop:
			return
		}
	}
}

func (w *watch) look() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	w.heap = max(w.heap, sample[0].Value.Uint64())
	w.goroutines = max(w.goroutines, runtime.NumGoroutine())
}

func (w *watch) end(r *storm.Resume) {
	close(w.stop)
	<-w.done
	r.Heap, r.Goroutines, r.Resident = w.heap, w.goroutines, mostResident()
}

// mostResident asks Linux.
func mostResident() uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
