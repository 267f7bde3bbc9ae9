package postgres

import (
	"errors"
	"strconv"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
	"github.com/limpet-go/limpet/session"
)

// known are the parameters a URL may have; doc.go says what they mean.
var known = []string{
	"host", "port", "table", "max_conns",
	"sslmode", "sslrootcert", "sslcert", "sslkey",
	"connect_timeout", "statement_timeout", "application_name", "search_path",
	"target_session_attrs", "default_query_exec_mode",
}

func (t *target) setParams(p sqldb.Params) error {
	t.client = map[string]string{}
	table, err := p.Text("table", "")
	if err != nil {
		return err
	}
	if table != "" {
		t.store = append(t.store, session.WithSQLTableName(table))
	}
	if t.maxConns, err = p.Count("max_conns", sqldb.DefaultMaxConns); err != nil {
		return err
	}
	for _, set := range []func(sqldb.Params) error{t.setTimes, t.setWords, t.setTexts, checkFiles} {
		if err := set(p); err != nil {
			return err
		}
	}
	return nil
}

func (t *target) setTimes(p sqldb.Params) error {
	var err error
	if t.connectTimeout, err = p.Duration("connect_timeout", sqldb.DefaultConnectTimeout, time.Second); err != nil {
		return err
	}
	if t.connectTimeout > time.Hour {
		return errors.New("connect_timeout is longer than an hour")
	}
	statement, err := p.Duration("statement_timeout", 0, time.Millisecond)
	if err != nil {
		return err
	}
	if statement > 0 {
		t.client["statement_timeout"] = strconv.FormatInt(statement.Milliseconds(), 10)
	}
	return nil
}

// setWords sets what is one of a few words. Of several hosts, one that can be written to is wanted.
func (t *target) setWords(p sqldb.Params) error {
	attrs := "any"
	if len(t.hosts) > 1 {
		attrs = "read-write"
	}
	for _, word := range []struct {
		name, def string
		words     []string
	}{
		{"sslmode", "", []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
		{"target_session_attrs", attrs, []string{"any", "read-write", "primary"}},
		{"default_query_exec_mode", "", []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"}},
	} {
		value, err := p.Choice(word.name, word.def, word.words...)
		if err != nil {
			return err
		}
		if value != "" {
			t.client[word.name] = value
		}
	}
	return nil
}

func (t *target) setTexts(p sqldb.Params) error {
	for _, name := range []string{"application_name", "search_path", "sslrootcert", "sslcert", "sslkey"} {
		value, err := p.Text(name, "")
		if err != nil {
			return err
		}
		if value != "" {
			t.client[name] = value
		}
	}
	return nil
}

// checkFiles tries the files first, since the client's own error about one would repeat its name.
func checkFiles(p sqldb.Params) error {
	for _, name := range []string{"sslrootcert", "sslcert", "sslkey"} {
		if name == "sslrootcert" && p[name] == "system" {
			continue // the system's authorities, not a file
		}
		if _, err := p.File(name); err != nil {
			return err
		}
	}
	if (p["sslcert"] == "") != (p["sslkey"] == "") {
		return errors.New("sslcert and sslkey go together")
	}
	return nil
}
