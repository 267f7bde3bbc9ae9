// Package limpet holds the typed state of one live web session: the server-side half of a browser tab.
//
// A Session is a set of signals and session keys. Signals belong to the components of a page and are declared
// while it is mounted, with package setup; session keys belong to the whole session and are declared once, as
// package variables. Both are read and written as plain Go values:
//
//	var Theme = limpet.NewSessionKey("theme", limpet.Default("light"))
//
//	cart := setup.SharedSignal(scope, []Item(nil), setup.Key("cart"))
//	cart.Set(append(cart.Get(), item))
//	Theme.Set(scope.Session(), "dark")
//
// Session.Serialize turns the state into bytes and Session.Deserialize brings it back, on another node and by a
// later build too. Package live does both for pages it hosts; package session keeps the bytes.
//
// # Concurrency
//
// A session is owned by one goroutine, its loop. Everything that touches the session, its signals or its keys
// runs there. Dispatch is the one exception: it may be called from any goroutine and runs a function on the loop.
//
// # Durability
//
// Setting a value changes memory only. Whoever hosts the session decides when its bytes are written. Values are
// encoded when the session is serialized, so a slice or map that was changed in place is written as it is then.
//
// # Security
//
// Serialized bytes are plain. They must be signed or sealed before they leave the process (session.Keyring does
// both), and checked before Deserialize sees them. Who a user is must never be read from them: only
// session.AuthHintsV1 is stored, and it is no more than a hint.
package limpet
