package session_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Sessions lists whatever is live, however much that is, a page at a time.
func ExampleSessions() {
	ctx, store := context.Background(), session.NewMemoryStore()
	defer func() { _ = store.Close() }() // always nil
	for id, data := range map[string]string{"s1": "one", "s2": "two, longer"} {
		if err := store.Save(ctx, id, []byte(data), time.Now().Add(time.Hour)); err != nil {
			log.Fatal(err)
		}
	}

	scanner, ok := session.As[session.Scanner](store)
	if !ok {
		log.Fatal("the store cannot list its sessions")
	}
	sessions, bytes := 0, 0
	for info, err := range session.Sessions(ctx, scanner) {
		if err != nil {
			log.Fatal(err)
		}
		sessions, bytes = sessions+1, bytes+info.Size
	}
	fmt.Println(sessions, "sessions of", bytes, "bytes")
	// Output: 2 sessions of 14 bytes
}

// A user who changes their password is logged out everywhere: from the store, and from the managers of all nodes.
func ExampleUserIndex() {
	ctx, store := context.Background(), session.NewMemoryStore()
	defer func() { _ = store.Close() }() // always nil
	users, ok := session.As[session.UserIndex](store)
	if !ok {
		log.Fatal("the store has no index of users")
	}
	for _, id := range []string{"phone", "laptop"} {
		expires := time.Now().Add(time.Hour)
		if err := users.SetUser(ctx, id, "ann@example.org", expires); err != nil { // before the first Save
			log.Fatal(err)
		}
		if err := store.Save(ctx, id, []byte("state"), expires); err != nil {
			log.Fatal(err)
		}
	}

	ids, err := users.RevokeUser(ctx, "ann@example.org")
	if err != nil {
		log.Fatal(err)
	}
	slices.Sort(ids)
	fmt.Println(ids) // hand each to Manager.Remove on every node
	left, err := users.UserSessions(ctx, "ann@example.org")
	fmt.Println(len(left), err)
	// Output:
	// [laptop phone]
	// 0 <nil>
}
