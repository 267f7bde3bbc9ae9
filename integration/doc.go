// Package integration holds the tests that need more than one process: a real browser in front of the real demo,
// real kills, real files. It exports nothing.
package integration
