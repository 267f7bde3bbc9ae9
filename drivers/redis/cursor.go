package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// position is how far a listing came. Its zero value is the beginning.
type position struct {
	slot   int    // of a Cluster, one that the server owns that is being listed
	run    string // which process of the server the cursor is for
	cursor uint64 // of SCAN; zero is the beginning
}

// cursorForm begins every cursor; the colons stand for what follows.
const cursorForm = "redis1"

// String returns the cursor of the page at this position.
func (p position) String() string {
	return fmt.Sprintf("%s:%d:%s:%d", cursorForm, p.slot, p.run, p.cursor)
}

func openCursor(cursor string) (position, error) {
	if cursor == "" {
		return position{}, nil
	}
	malformed := errors.New("redis: scan: malformed cursor")
	parts := strings.Split(cursor, ":")
	if len(parts) != 4 || parts[0] != cursorForm {
		return position{}, malformed
	}
	slot, err := strconv.ParseUint(parts[1], 10, 14)
	if err != nil {
		return position{}, malformed
	}
	at, err := strconv.ParseUint(parts[3], 10, 64)
	if err != nil {
		return position{}, malformed
	}
	return position{slot: int(slot), run: parts[2], cursor: at}, nil
}
