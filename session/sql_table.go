package session

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

// tableName is where a SQLStore keeps its rows. Its parts are plain names; a dialect quotes them.
type tableName struct {
	schema string // empty: the connection's own
	table  string
}

// The longest identifiers, in bytes for PostgreSQL and in characters for MySQL. PostgreSQL cuts longer ones off
// silently, so that two stores could share a table unawares.
const (
	maxPostgresName = 63
	maxMySQLName    = 64
)

func parseTableName(name string) (tableName, error) {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return tableName{}, errors.New("session: sql store: the table name is not text")
	}
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if part == "" {
			return tableName{}, errors.New("session: sql store: the table name has an empty part")
		}
	}
	switch len(parts) {
	case 1:
		return tableName{table: parts[0]}, nil
	case 2:
		return tableName{schema: parts[0], table: parts[1]}, nil
	}
	return tableName{}, errors.New("session: sql store: the table name has more than two parts")
}

// tooLong reports a part that is over the limit as length counts it.
func (t tableName) tooLong(limit int, length func(string) int) error {
	if length(t.schema) > limit || length(t.table) > limit {
		return fmt.Errorf("session: sql store: the table name is over the limit of %d for each part", limit)
	}
	return nil
}

// quoted returns the whole name with each part between quote characters.
func (t tableName) quoted(quote string) string {
	if t.schema == "" {
		return quoteName(t.table, quote)
	}
	return quoteName(t.schema, quote) + "." + quoteName(t.table, quote)
}

// expiryIndex is the name of the index on expires_at. It ends in a hash of the table's name when the whole would
// be too long for an engine, which could cut two tables' index names off to the same text.
func (t tableName) expiryIndex() string {
	name := "idx_" + t.table + "_expires"
	if len(name) <= maxPostgresName {
		return name
	}
	return fmt.Sprintf("idx_%x_expires", t.hash())
}

// users is the table of the user index, beside the sessions' own.
func (t tableName) users() tableName {
	name := t.table + "_users"
	if len(name) > maxPostgresName {
		name = fmt.Sprintf("users_%x", t.hash())
	}
	return tableName{schema: t.schema, table: name}
}

// userIndex is the name of the index on user_sum, in the table of users.
func (t tableName) userIndex() string {
	name := "idx_" + t.table + "_user"
	if len(name) <= maxPostgresName {
		return name
	}
	return fmt.Sprintf("idx_%x_user", t.hash())
}

// hash is the same in every process.
func (t tableName) hash() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.table)) // never fails
	return h.Sum64()
}

func quoteName(name, quote string) string {
	return quote + strings.ReplaceAll(name, quote, quote+quote) + quote
}
