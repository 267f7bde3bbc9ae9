package all

import (
	"fmt"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

// User names and passwords that are everyday words are in many texts that give nothing away: an error says all the same
// what is wrong.
func TestErrorsSayWhatIsWrong(t *testing.T) {
	for scheme, rest := range map[string]string{
		"postgres": "postgres?sslmode=disable", "postgresql": "postgres", "mysql": "mysql", "mariadb": "test",
		"redis": "0", "rediss": "0", "redis+cluster": "", "rediss+cluster": "",
	} {
		user := strings.TrimSuffix(scheme, "+cluster")
		_, err := session.ParseStoreURL(fmt.Sprintf("%s://%s:a@127.0.0.1:1/%s", scheme, user, rest)) // nobody listens there
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v, want an error that says the connection was refused", scheme, err)
		}
	}
}
