package demo

import (
	"net"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
)

func TestBanner(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	anywhere := &net.TCPAddr{IP: net.IPv4zero, Port: 8080}
	file := place{shown: "sqlite:///a/demo.db", keyPath: "/a/demo.db.key"}
	memory := place{shown: "memory:", memory: true}
	tests := []struct {
		name      string
		addr      net.Addr
		where     place
		says      []string
		saysNever []string
	}{
		{"a file", loopback, file,
			[]string{"open   http://127.0.0.1:8080\n", "store  sqlite:///a/demo.db\n", "key    /a/demo.db.key\n", "node   1, process 41\n", "node   2, process 42\n", "tabs come back"},
			[]string{"forgets", "Everyone"}},
		{"memory", loopback, memory, []string{"memory:", "a node that is killed forgets them"}, []string{"key", "tabs come back"}},
		{"open to the network", anywhere, file, []string{"http://localhost:8080", "Everyone who can reach this address"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			banner(&out, tt.addr, tt.where, []supervisor.Process{{Node: 1, PID: 41}, {Node: 2, PID: 42}})
			for _, part := range tt.says {
				if !strings.Contains(out.String(), part) {
					t.Errorf("it does not say %q:\n%s", part, &out)
				}
			}
			for _, part := range tt.saysNever {
				if strings.Contains(out.String(), part) {
					t.Errorf("it says %q:\n%s", part, &out)
				}
			}
		})
	}
}
