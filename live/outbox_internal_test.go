package live

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

func TestRendersCoalesce(t *testing.T) {
	o := newOutbox()
	o.greet(welcome{T: typeWelcome, Applied: 1})
	for i := range 1000 {
		o.show(fmt.Sprint("page ", i), uint64(i))
	}
	got := o.take()
	if len(got) != 2 {
		t.Fatalf("%d messages wait for a slow client, want 2", len(got))
	}
	if want := (renderMessage{T: typeRender, HTML: "page 999", Applied: 999}); got[1] != want {
		t.Errorf("last message %+v, want %+v", got[1], want)
	}
	if len(o.take()) != 0 {
		t.Error("messages are sent twice")
	}
}

func TestAckSaysWhatIsNew(t *testing.T) {
	o := newOutbox()
	o.greet(welcome{T: typeWelcome})
	o.take()
	o.progress(0)
	if got := o.take(); len(got) != 0 {
		t.Errorf("an ack without news: %+v", got)
	}
	o.progress(3)
	if got, want := o.take(), []any{ack{T: typeAck, Applied: 3, AgeMs: -1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("messages %+v, want %+v", got, want)
	}
	o.saved(2, time.Now().Add(-time.Second))
	o.saved(1, time.Now())
	m, ok := o.take()[0].(ack)
	if !ok || m.Durable != 2 || m.AgeMs < 0 || m.AgeMs > 900 {
		t.Errorf("ack %+v", m)
	}
}

func TestLedger(t *testing.T) {
	var l ledger
	for i := range uint64(100) {
		l.note(fmt.Append(nil, "state ", i), i)
	}
	if len(l.marks) != maxMarks {
		t.Errorf("%d marks, want %d", len(l.marks), maxMarks)
	}
	if _, ok := l.acknowledge([]byte("state 3")); ok {
		t.Error("a forgotten snapshot is acknowledged")
	}
	if m, ok := l.acknowledge([]byte("state 98")); !ok || m.applied != 98 {
		t.Errorf("mark %+v, %v", m, ok)
	}
	if len(l.marks) != 1 {
		t.Errorf("%d marks are left, want the newer one", len(l.marks))
	}
	if _, ok := l.acknowledge([]byte("state 98")); ok {
		t.Error("a snapshot is acknowledged twice")
	}
}

func TestMailboxIsBounded(t *testing.T) {
	m := newMailbox()
	for i := range maxMail {
		if !m.post(func() {}) {
			t.Fatalf("post %d is refused", i)
		}
	}
	if m.post(func() {}) {
		t.Error("there is no bound")
	}
	if got := len(m.close()); got != maxMail {
		t.Errorf("%d functions, want %d", got, maxMail)
	}
	if m.post(func() {}) {
		t.Error("a closed mailbox takes mail")
	}
}
