package session_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/session"
)

// unsteady is a memory store that can be down, or slow.
type unsteady struct {
	*session.MemoryStore
	down atomic.Bool
	slow chan struct{} // unless it is nil, a Load sends when it begins, and receives before it ends
}

var errUnsteady = errors.New("the store is down")

func (s *unsteady) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	if s.down.Load() {
		return errUnsteady
	}
	return s.MemoryStore.Save(ctx, id, data, until)
}

func (s *unsteady) Load(ctx context.Context, id string) ([]byte, error) {
	if s.down.Load() {
		return nil, errUnsteady
	}
	if s.slow != nil {
		s.slow <- struct{}{}
		<-s.slow
	}
	return s.MemoryStore.Load(ctx, id)
}

// greet resumes a session and says what to tell the client: each way in which a resume can end has its own answer.
func greet(manager *session.Manager, id, ip string) string {
	attachment, err := manager.ResumeFrom(context.Background(), id, ip)
	var overloaded *session.OverloadedError
	switch {
	case err == nil:
		defer attachment.Release() // in real life: Connect, and Detach at the end
		return fmt.Sprintf("welcome back to %s", attachment.Data())
	case errors.As(err, &overloaded):
		return fmt.Sprintf("come back in %.0f s", math.Ceil(overloaded.RetryAfter.Seconds()))
	case errors.Is(err, session.ErrSessionRemoved):
		return "you have logged out"
	case errors.Is(err, session.ErrSessionExpired):
		return "you were away for too long"
	case errors.Is(err, session.ErrSessionNotFound):
		return "let us start anew"
	case errors.Is(err, session.ErrManagerStopped):
		return "another node will help you"
	}
	return "please try again" // an outage, or the context's end: nobody knows yet
}

func ExampleManager_ResumeFrom() {
	store := &unsteady{MemoryStore: session.NewMemoryStore()}
	defer func() { _ = store.Close() }() // always nil
	config := session.DefaultManagerConfig()
	config.MaxLoads, config.MaxWaitingLoads = 1, 1
	manager := session.NewManager(store, config, nil)

	attachment, err := manager.Attach(&session.ManagedSession{ID: "tab-1", IP: "192.0.2.1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	attachment.Detach([]byte("two apples"))
	fmt.Println(greet(manager, "tab-1", "192.0.2.1"))

	manager.Remove("tab-1")
	fmt.Println(greet(manager, "tab-1", "192.0.2.1"))
	fmt.Println(greet(manager, "tab-2", "192.0.2.1"))

	store.down.Store(true)
	fmt.Println(greet(manager, "tab-2", "192.0.2.1"))
	store.down.Store(false)

	store.slow = make(chan struct{})
	answer := make(chan string)
	go func() { answer <- greet(manager, "tab-2", "192.0.2.1") }()
	<-store.slow
	fmt.Println(greet(manager, "tab-3", "192.0.2.1")) // no more than one may wait
	store.slow <- struct{}{}
	fmt.Println(<-answer)

	fmt.Println(manager.Shutdown(context.Background()))
	fmt.Println(greet(manager, "tab-1", "192.0.2.1"))
	// Output:
	// welcome back to two apples
	// you have logged out
	// let us start anew
	// please try again
	// come back in 1 s
	// let us start anew
	// <nil>
	// another node will help you
}

// A shutdown that its store fails says which sessions are not saved, keeps them, and can be called again.
func ExampleManager_Shutdown() {
	store := &unsteady{MemoryStore: session.NewMemoryStore()}
	defer func() { _ = store.Close() }() // always nil
	manager := session.NewManager(store, session.DefaultManagerConfig(), nil)
	attachment, err := manager.Attach(&session.ManagedSession{ID: "tab-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	store.down.Store(true)
	attachment.Detach([]byte("two apples"))

	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err = manager.Shutdown(ctx)
	var notSaved *session.NotSavedError
	if errors.As(err, &notSaved) {
		for _, id := range notSaved.SessionIDs {
			fmt.Println("not saved:", session.HashID(id)) // never the ID itself: it is a secret
		}
	}

	store.down.Store(false)
	fmt.Println("again:", manager.Shutdown(context.Background()))
	data, err := store.Load(context.Background(), "tab-1")
	fmt.Printf("%s, %v\n", data, err)
	// Output:
	// not saved: 833f58f568f2ff88
	// again: <nil>
	// two apples, <nil>
}
