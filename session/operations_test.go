package session_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/opscheck"
	"github.com/limpet-go/limpet/session"
)

func TestOperationsListsEverySettingOfAManagerWithItsDefault(t *testing.T) {
	table := opscheck.ReadTable(t, operations, "### session.ManagerConfig")
	table.Lists(t, opscheck.Fields[session.ManagerConfig]())
	defaults := reflect.ValueOf(session.DefaultManagerConfig())
	for first, row := range table {
		name := strings.Trim(first, "`")
		if got, want := row[1], inWords(name, defaults.FieldByName(name)); got != want {
			t.Errorf("the default of %s is documented as %q, and is %q", name, got, want)
		}
	}
}

// inWords writes a default as docs/operations.md does.
func inWords(name string, v reflect.Value) string {
	switch x := v.Interface().(type) {
	case session.EvictionPolicy:
		return x.String()
	case time.Duration:
		if x < time.Minute {
			return fmt.Sprintf("%d s", x/time.Second)
		}
		return fmt.Sprintf("%d min", x/time.Minute)
	}
	switch {
	case v.Kind() == reflect.Func:
		return "none"
	case v.Int() < 0:
		return "no limit"
	case strings.HasSuffix(name, "Bytes"):
		return fmt.Sprintf("%d MiB", v.Int()>>20)
	case v.Int() >= 1000:
		return fmt.Sprintf("%d,%03d", v.Int()/1000, v.Int()%1000)
	}
	return fmt.Sprint(v.Int())
}

func TestOperationsListsEveryFigureOfStats(t *testing.T) {
	opscheck.ReadTable(t, operations, "### session.ManagerStats").Lists(t, opscheck.Fields[session.ManagerStats]())
}
