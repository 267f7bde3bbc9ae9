// Package setup allocates the state of a component while it is mounted.
//
// A component's mount function gets a Scope and declares its signals on it, always in the same order:
//
//	cursor := setup.Signal(scope, Point{})                              // this connection only
//	cart := setup.SharedSignal(scope, []Item(nil), setup.Key("cart"))   // persisted with the session
//
// On a resume the same mount function runs again and the shared signals come back with their values.
//
// Give every shared signal a key. Without one its key is made of the component's name and its position among the
// component's signals, and inserting a signal before it later moves it: sessions written before that change would
// find another signal's value there, or none.
package setup
