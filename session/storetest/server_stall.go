package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// stallTime is how long calls wait for a server that does not answer.
const stallTime = 300 * time.Millisecond

// stalledCalls makes every call twice on a server that does not answer: once until a deadline, once until the context
// is canceled.
func stalledCalls(t testing.TB, k *kit) {
	s, server := k.disturbable(t)
	ids := spreadIDs(40)
	s.saveAll(t, batchOf(ids, later()))
	calls := s.calls(t, ids[0])
	s.recovers(t) // every method has been used once
	resume := server.Stall(t)
	defer resume()
	err := within(t, stallTime+grace, "a call whose context had ended", func() error {
		return together(2*len(calls), func(i int) error {
			ctx, cancel := ending(s.ctx, i%2 == 0)
			defer cancel()
			want := []error{context.Canceled, context.DeadlineExceeded}[(i+1)%2]
			if err := calls[i/2].make(ctx); !errors.Is(err, want) {
				return fmt.Errorf("%s on a server that does not answer: error is %v; want one that matches %q", calls[i/2].name, err, want)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	resume()
	s.recovers(t)
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
}

// ending returns a context that ends soon, by a deadline or because it is canceled.
func ending(parent context.Context, byDeadline bool) (context.Context, context.CancelFunc) {
	if byDeadline {
		return context.WithTimeout(parent, stallTime)
	}
	ctx, cancel := context.WithCancel(parent)
	timer := time.AfterFunc(stallTime, cancel)
	return ctx, func() { timer.Stop(); cancel() }
}

func stalledWithoutDeadline(t testing.TB, k *kit) {
	if k.opts.CallTimeout <= 0 {
		t.Skip("Options.CallTimeout is not set")
	}
	s, server := k.disturbable(t)
	s.recovers(t) // every method has been used once
	calls := s.calls(t, newID(""))
	resume := server.Stall(t)
	defer resume()
	err := within(t, k.opts.CallTimeout+grace, "a call without a deadline", func() error {
		return together(len(calls), func(i int) error {
			if err := calls[i].make(context.Background()); err == nil {
				return fmt.Errorf("%s succeeded on a server that does not answer", calls[i].name)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func stalledClose(t testing.TB, k *kit) {
	s, server := k.disturbable(t)
	id := newID("")
	s.save(t, id, []byte("x"), later())
	calls := s.calls(t, id)
	s.recovers(t) // every method has been used once
	resume := server.Stall(t)
	defer resume()
	ended := make(chan error, 1)
	go func() {
		ended <- together(len(calls), func(i int) error {
			ctx, cancel := context.WithTimeout(context.Background(), 10*stallTime)
			defer cancel()
			if err := calls[i].make(ctx); err == nil {
				return fmt.Errorf("%s succeeded on a server that does not answer", calls[i].name)
			}
			return nil
		})
	}()
	pause(stallTime) // for the calls to get under way
	if err := within(t, 10*stallTime+2*grace, "Close", s.Close); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := within(t, 10*stallTime+grace, "a call that was under way", func() error { return <-ended }); err != nil {
		t.Fatalf("%v", err)
	}
	err := within(t, grace, "a call after Close", func() error {
		return together(len(calls), func(i int) error {
			if err := calls[i].make(context.Background()); !errors.Is(err, session.ErrStoreClosed{}) {
				return fmt.Errorf("%s after Close: error is %v; want ErrStoreClosed", calls[i].name, err)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}
