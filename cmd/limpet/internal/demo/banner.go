package demo

import (
	"fmt"
	"io"
	"net"

	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
)

// banner tells where the demo is and what it runs.
func banner(w io.Writer, addr net.Addr, where place, live []supervisor.Process) {
	fmt.Fprintln(w, "\nLimpet demo: a shop whose tabs survive their server")
	fmt.Fprintf(w, "\n  open   %s\n", visitURL(addr))
	fmt.Fprintf(w, "  store  %s\n", where.shown)
	if where.keyPath != "" {
		fmt.Fprintf(w, "  key    %s\n", where.keyPath)
	}
	for _, p := range live {
		fmt.Fprintf(w, "  node   %d, process %d\n", p.Node, p.PID)
	}
	fmt.Fprintln(w)
	if where.memory {
		fmt.Fprintln(w, "Each node keeps its sessions in its own memory: a node that is killed forgets them.")
	}
	if !local(addr) {
		fmt.Fprintln(w, "Everyone who can reach this address can use the page, and kill the nodes.")
	}
	if where.memory {
		fmt.Fprintln(w, "Ctrl-C ends it.")
		return
	}
	fmt.Fprintln(w, "Ctrl-C ends it. Start it again on the same store and the open tabs come back.")
}
