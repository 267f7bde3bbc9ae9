package session

import (
	"context"
	"database/sql"
	"sync"
)

// keptStatements are the fixed statements of a dialect, prepared when they are first used. A driver that keeps none
// itself would prepare, run and drop a statement with every call, at the price of another round trip.
//
// They end with the database, which is why a store keeps them only in a database of its own: to close one waits for
// whatever runs on the connections that have it, and on a caller's connections that is anything.
type keptStatements struct {
	db *sql.DB

	mu     sync.Mutex
	byText map[string]*sql.Stmt
}

func newKeptStatements(db *sql.DB) *keptStatements {
	return &keptStatements{db: db, byText: map[string]*sql.Stmt{}}
}

// get returns the statement with this text. It holds no lock while it asks the server; when several prepare one text,
// the first wins, and the others' ends with its connection too.
func (k *keptStatements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	k.mu.Lock()
	st := k.byText[text]
	k.mu.Unlock()
	if st != nil {
		return st, nil
	}
	st, err := k.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if first := k.byText[text]; first != nil {
		return first, nil
	}
	k.byText[text] = st
	return st, nil
}
