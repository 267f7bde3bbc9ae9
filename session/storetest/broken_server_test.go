package storetest

import (
	"context"
	"errors"

	"github.com/limpet-go/limpet/session"
)

func brokenServer() []brokenStore {
	const (
		disconnect = "server/after the server ended every connection the store works again and has what it acknowledged"
		restart    = "server/after a restart without warning the store works again and has what it acknowledged"
		stall      = "server/on a server that does not answer calls end with their contexts"
		deadline   = "server/a call without a deadline gets one from the store"
		closes     = "server/Close returns although the server does not answer"
		saveAll    = "server/SaveAll that a fault interrupts names whatever it may not have written"
		deleteAll  = "server/DeleteAll that a fault interrupts names whatever it may not have deleted"
	)
	broken := []brokenStore{
		{
			name:  "never connects again",
			fails: []string{disconnect, restart},
			opts:  served(func(f *fakeServer) { f.staysGone = true }),
		},
		{
			name:  "acknowledges what it has not sent",
			fails: []string{disconnect, restart},
			opts:  served(func(f *fakeServer) { f.early = true }),
		},
		{
			name:  "loses what it had not written to its disk",
			fails: []string{restart},
			opts:  served(func(f *fakeServer) { f.restarted = losesHalf }),
		},
		{
			name:  "waits for an answer whatever becomes of the context",
			fails: []string{stall, deadline, saveAll, deleteAll},
			opts:  served(func(f *fakeServer) { f.waiting = context.WithoutCancel }),
		},
		{
			name:  "has no deadline of its own",
			fails: []string{deadline},
			opts:  served(func(f *fakeServer) { f.deadline = 100 * fakeCallTimeout }),
		},
		{
			name:  "hands on its driver's timeout",
			fails: []string{stall},
			opts:  served(func(f *fakeServer) { f.outcome = func(error) error { return errors.New("fake: i/o timeout") } }),
		},
		{
			name:  "says goodbye to a server that does not answer",
			fails: []string{closes},
			opts:  served(func(f *fakeServer) { f.closeWaits = true }),
		},
		{
			name:  "says of an interrupted batch only that it failed",
			fails: []string{saveAll, deleteAll},
			opts:  interrupting(func(left []string, err error) ([]string, error) { return nil, err }),
		},
		{
			name:  "leaves the step out that failed, whose outcome is not known",
			fails: []string{saveAll, deleteAll},
			opts: interrupting(func(left []string, err error) ([]string, error) {
				return left[min(500, len(left)-1):], err
			}),
		},
		{
			name:  "lists the IDs of an interrupted batch",
			fails: []string{saveAll},
			opts: interrupting(func(left []string, err error) ([]string, error) {
				return left, errors.Join(err, errors.New(left[len(left)-1]))
			}),
		},
		{
			name:  "stops at an interrupted batch in silence",
			fails: []string{saveAll, deleteAll},
			opts:  interrupting(func(left []string, err error) ([]string, error) { return nil, nil }),
		},
	}
	for i := range broken {
		broken[i].make = func(m *session.MemoryStore) session.SessionStore { return m }
	}
	return broken
}

// losesHalf deletes every other session.
func losesHalf(m *session.MemoryStore) {
	ctx, odd := context.Background(), false
	for info, err := range session.Sessions(ctx, m) {
		if odd = !odd; odd && err == nil {
			_ = m.Delete(ctx, info.ID) // as sound as the rest
		}
	}
}

// interrupting is a store that names other sessions than those that were left when a batch failed, or has another
// cause.
func interrupting(f func(left []string, err error) ([]string, error)) func(o *Options) {
	return served(func(s *fakeServer) {
		s.unsaved = func(ids []string, err error) error {
			if ids, err = f(ids, err); len(ids) == 0 {
				return err
			}
			return &session.NotSavedError{SessionIDs: ids, Err: err}
		}
		s.undeleted = func(ids []string, err error) error {
			if ids, err = f(ids, err); len(ids) == 0 {
				return err
			}
			return &session.BatchError{SessionIDs: ids, Err: err}
		}
	})
}
