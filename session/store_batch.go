package session

import (
	"errors"
	"slices"
)

// maxBatchBytes bounds the data of one step of a batch. A larger single session still goes, alone.
const maxBatchBytes = 4 << 20

// batchStep returns how many of the IDs go into one step that carries at most the given number of sessions.
func batchStep(ids []string, sessions map[string]SessionData, most int) int {
	return batchStepWithin(maxBatchBytes, ids, sessions, most)
}

// batchStepWithin is batchStep with another bound for the data.
func batchStepWithin(maxBytes int, ids []string, sessions map[string]SessionData, most int) int {
	size := 0
	for n, id := range ids {
		size += len(sessions[id].Data)
		if n == most || n > 0 && size > maxBytes {
			return n
		}
	}
	return len(ids)
}

// batchFailed is the error of a batch of which these sessions were not written; nil when there are none. A batch that
// Close overtook matches ErrStoreClosed too.
func batchFailed(open bool, ids []string, cause error) error {
	if len(ids) == 0 {
		return nil
	}
	if !open {
		cause = errors.Join(ErrStoreClosed{}, cause)
	}
	slices.Sort(ids)
	return &NotSavedError{SessionIDs: ids, Err: cause}
}

// namedSessions returns the valid ones among these IDs in ascending order, each once.
func namedSessions(sessionIDs []string) []string {
	ids := slices.DeleteFunc(slices.Clone(sessionIDs), func(id string) bool { return !validID(id) })
	slices.Sort(ids)
	return slices.Compact(ids)
}
