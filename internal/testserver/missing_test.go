package testserver

import (
	"fmt"
	"strings"
	"testing"
)

// verdict records how a test would have ended.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()           {}
func (v *verdict) Skip(args ...any)  { v.skipped = fmt.Sprint(args...) }
func (v *verdict) Fatal(args ...any) { v.failed = fmt.Sprint(args...) }

func TestMissingProgramSkipsTheTestUnlessAllAreRequired(t *testing.T) {
	_, err := find("no-such-server", "such-package")
	for _, require := range []string{"", "all"} {
		t.Setenv("LIMPET_TEST_REQUIRE", require)
		v := &verdict{TB: t}
		check(v, fmt.Errorf("start: %w", err))
		if !strings.Contains(v.skipped+v.failed, "apt-get install such-package") {
			t.Errorf("require %q: no hint in %q, %q", require, v.skipped, v.failed)
		}
		if failed := v.failed != ""; failed != (require == "all") {
			t.Errorf("require %q: failed is %v", require, failed)
		}
	}
}

func TestOtherErrorsAlwaysFailTheTest(t *testing.T) {
	t.Setenv("LIMPET_TEST_REQUIRE", "")
	v := &verdict{TB: t}
	check(v, errExited)
	if v.failed == "" || v.skipped != "" {
		t.Errorf("skipped %q, failed %q", v.skipped, v.failed)
	}
}

func TestEnvironmentNamesTheServer(t *testing.T) {
	for env, shared := range map[string]func(testing.TB) string{
		"LIMPET_TEST_POSTGRES": Postgres, "LIMPET_TEST_MYSQL": MySQL,
		"LIMPET_TEST_REDIS": Redis, "LIMPET_TEST_REDIS_CLUSTER": RedisCluster,
	} {
		t.Setenv(env, "store://elsewhere/"+env)
		if got := shared(t); got != "store://elsewhere/"+env {
			t.Errorf("%s: %s", env, got)
		}
	}
}
