package storetest

import "github.com/limpet-go/limpet/session"

func brokenCapabilities() []brokenStore {
	const declares = "capabilities/the store has the capabilities it declares and no others"
	const wrapped = "capabilities/capabilities are found through a wrapper"
	broken := []brokenStore{{
		name:  "hides capabilities that are declared",
		fails: []string{declares, wrapped},
		make:  func(m *session.MemoryStore) session.SessionStore { return struct{ session.SessionStore }{m} },
	}}
	for name, undeclare := range map[string]func(o *Options){
		"SaveAllAtomic": func(o *Options) { o.Atomic = false },
		"LoadAll":       func(o *Options) { o.Batch = false },
		"Scan":          func(o *Options) { o.Scan = false },
		"Ping":          func(o *Options) { o.Ping = false },
		"SetUser":       func(o *Options) { o.Users = false },
	} {
		broken = append(broken, brokenStore{
			name:  "has " + name + " and does not declare it",
			fails: []string{declares, wrapped},
			make:  func(m *session.MemoryStore) session.SessionStore { return m },
			opts:  undeclare,
		})
	}
	return broken
}
