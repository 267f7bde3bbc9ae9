package redis_test

import (
	"context"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/drivers/redis"
	"github.com/limpet-go/limpet/session"
)

func ExampleOpen() {
	store, err := redis.Open("redis+cluster://app:secret@10.0.0.1:6379,10.0.0.2:6379?prefix=shop:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
}

// A client that the program has anyway serves as well, and stays the program's to close.
func ExampleNew() {
	client := goredis.NewClient(&goredis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer client.Close()
	store := redis.New(client, session.WithRedisPrefix("shop:"))
	defer store.Close()
	ctx := context.Background()
	if err := store.SetUser(ctx, "the-session", "ann", time.Now().Add(time.Hour)); err != nil {
		fmt.Println(err)
	}
}
