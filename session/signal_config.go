package session

// SignalConfig says how a signal is persisted.
type SignalConfig struct {
	// Transient signals live as long as the connection and are never written to the store.
	Transient bool

	// PersistKey names the signal in the session's bytes. When it is empty the name comes from the component
	// and the position of the signal in it, so inserting another signal before it changes the name.
	PersistKey string
}

// NewSignalConfig returns the default: persisted, under a positional key.
func NewSignalConfig() *SignalConfig { return &SignalConfig{} }
