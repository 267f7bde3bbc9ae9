// Package storm holds the tests of what happens to tens of thousands of sessions when their node dies or is told to
// end: all come back at once on another node, among a flood of IDs that nobody has, and a drain saves every one of
// them or says which it could not. It exports what the tests and their child program, node, have in common.
package storm
