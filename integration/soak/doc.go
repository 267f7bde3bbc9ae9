// Package soak holds the tests that work a store hard while its server is killed again and again, and then account for every
// acknowledged write. It exports nothing.
package soak
