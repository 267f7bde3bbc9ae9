package session

import (
	"errors"
	"slices"
)

// DefaultMaxSessionBytes is how large the data of one session may be, in bytes, unless a store or a manager is
// told otherwise: 1 MiB.
const DefaultMaxSessionBytes = 1 << 20

// maxSessionBytes applies the rule all size options share: zero is the default, negative is no limit. Its result
// is positive, or -1 for no limit.
func maxSessionBytes(n int) int {
	switch {
	case n == 0:
		return DefaultMaxSessionBytes
	case n < 0:
		return -1
	}
	return n
}

// checkSave says why a session cannot be saved under a limit of maxSessionBytes: ErrInvalidSessionID, a
// *SizeError, or nil.
func checkSave(id string, data []byte, limit int) error {
	if !validID(id) {
		return ErrInvalidSessionID
	}
	if limit >= 0 && len(data) > limit {
		return &SizeError{Size: len(data), Limit: limit}
	}
	return nil
}

// sortBatch splits a batch into the IDs that may be saved and those that must be refused, each in ascending
// order. The error has one cause of each kind, however many sessions were refused; it is nil when none was.
func sortBatch(sessions map[string]SessionData, limit int) (good, refused []string, err error) {
	var badID, tooLarge error
	good = make([]string, 0, len(sessions))
	for id, s := range sessions {
		switch cause := checkSave(id, s.Data, limit); {
		case cause == nil:
			good = append(good, id)
			continue
		case errors.Is(cause, ErrInvalidSessionID):
			badID = cause
		case tooLarge == nil:
			tooLarge = cause
		}
		refused = append(refused, id)
	}
	slices.Sort(good)
	slices.Sort(refused)
	return good, refused, errors.Join(badID, tooLarge)
}

// notSaved returns a *NotSavedError for a whole batch that failed for one reason.
func notSaved(sessions map[string]SessionData, cause error) error {
	ids := make([]string, 0, len(sessions))
	for id := range sessions {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return &NotSavedError{SessionIDs: ids, Err: cause}
}
