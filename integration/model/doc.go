// Package model holds tests that drive the session manager with random operations, faults, crashes and restarts beside
// models so naive that they are right at a glance, and compare the two after every step. It exports nothing.
package model
