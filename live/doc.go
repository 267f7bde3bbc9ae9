// Package live serves pages whose state lives on the server: a mount function becomes an http.Handler that
// renders the page, keeps the tab's session over a WebSocket, applies what the user does on the session's loop
// and sends HTML that a small client script morphs into the page.
//
// A tab whose socket breaks, whose node is restarted or killed, comes back to its exact state by itself, on any
// node that has the same key and store. Every input is applied once: the client re-sends what was not yet durable,
// the server drops what it already applied.
//
// # Concurrency
//
// A Host and the handlers it makes are safe for use by many goroutines. A session, its view and its handlers
// belong to one goroutine, the session's loop; Session.Dispatch reaches it from others.
//
// # Durability
//
// The state is in the store at most Config.Manager.PersistInterval (here 1 second unless set otherwise) after a
// change, and at a disconnect. What a crash loses of it, the client re-sends. Events without a sequence number
// (pointer movements) and functions given to Dispatch are not re-sent. What a handler does outside the session's
// state, such as sending mail, may happen again when the process dies before the state is durable. An input that
// killed the process three times is set aside: it counts as applied and is logged.
//
// # Security
//
// A session's ID is 256 bits made of a signed, HttpOnly cookie and a part that the tab holds. Only the server
// mints them; an unknown one is never adopted. Sockets are accepted from the page's own origin only. What the
// store returns is checked against the key and the session's ID before it is read. Values of events come from
// the browser and must be checked by the application.
package live
