package main

import (
	"encoding/json"
	"io"
	"os"
	"sync"

	"github.com/limpet-go/limpet/integration/storm"
)

// output is where lines go, from any goroutine. Acknowledgements go together when there are many.
type output struct {
	mu  sync.Mutex
	enc *json.Encoder

	acksMu sync.Mutex
	acks   []storm.Ack
	more   chan struct{} // holds a token while there are some
}

func newOutput(w io.Writer) *output {
	o := &output{enc: json.NewEncoder(w), more: make(chan struct{}, 1)}
	go o.writeAcks()
	return o
}

func (o *output) write(line storm.Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.enc.Encode(line); err != nil {
		os.Exit(exitOrphan) // nobody reads any more
	}
}

func (o *output) ack(a storm.Ack) {
	o.acksMu.Lock()
	o.acks = append(o.acks, a)
	o.acksMu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

func (o *output) writeAcks() {
	for range o.more {
		o.acksMu.Lock()
		acks := o.acks
		o.acks = nil
		o.acksMu.Unlock()
		o.write(storm.Line{Acks: acks})
	}
}
