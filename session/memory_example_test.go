package session_test

import (
	"context"
	"fmt"
	"time"

	"github.com/limpet-go/limpet/session"
)

func ExampleMemoryStore() {
	ctx := context.Background()
	store := session.NewMemoryStore(session.WithCleanupInterval(30 * time.Second))
	defer func() { _ = store.Close() }() // always nil

	if err := store.Save(ctx, "tab-1", []byte("two apples"), time.Now().Add(5*time.Minute)); err != nil {
		fmt.Println(err)
	}
	data, err := store.Load(ctx, "tab-1")
	fmt.Printf("%s, %v\n", data, err)

	data, err = store.Load(ctx, "tab-2") // a missing session is no error
	fmt.Println(data == nil, err)

	// Output:
	// two apples, <nil>
	// true <nil>
}

// A batch is written as a whole, and refused as a whole.
func ExampleMemoryStore_SaveAllAtomic() {
	ctx, later := context.Background(), time.Now().Add(time.Hour)
	store := session.NewMemoryStore(session.WithMemoryMaxBytes(8))
	defer func() { _ = store.Close() }() // always nil

	err := store.SaveAllAtomic(ctx, map[string]session.SessionData{
		"tab-1": {Data: []byte("short"), ExpiresAt: later},
		"tab-2": {Data: []byte("far too long"), ExpiresAt: later},
	})
	fmt.Println(err)
	fmt.Println(store.Count())

	// Output:
	// session: 2 sessions not saved: session: session data too large: 12 bytes exceed the limit of 8
	// 0
}
