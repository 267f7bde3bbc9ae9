// Package peers wraps what other projects and an ideal would do, as contenders to session.MemoryStore: sessions in a
// concurrent map of xsync, in a cache of otter, in the store of scs, and the floor, which is an unlocked map and the copy.
//
// The wrappers add what the contract of session.SessionStore asks for and the peer leaves to its user: data is
// copied in and out, and expired sessions are missing.
package peers
