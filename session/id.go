package session

const maxIDLen = 64

// validID reports whether id can name a session: 1 to 64 bytes of printable ASCII without the space.
func validID(id string) bool {
	if len(id) == 0 || len(id) > maxIDLen {
		return false
	}
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return true
}
