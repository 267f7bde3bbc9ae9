// Package sqldb is what the drivers of database servers have in common: how they read parameters, bound their pools and
// their connecting, and open a store.
package sqldb
