// Command node is a node of the storm tests: it holds sessions and does what it reads on its standard input, one
// command a line, and answers on its standard output. On SIGTERM it saves everything and ends, with code 1 if it could
// not; when its input ends, its parent is gone and it ends at once.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/limpet-go/limpet/drivers/postgres" // the schemes of the stores
	_ "github.com/limpet-go/limpet/drivers/redis"
	"github.com/limpet-go/limpet/integration/storm"
)

// Exit codes.
const (
	exitUnsaved = 1
	exitOrphan  = 3
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	slog.SetDefault(log)
	n := &node{log: log, out: newOutput(os.Stdout)}
	commands := make(chan storm.Command)
	go obey(os.Stdin, commands)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	for {
		select {
		case c := <-commands:
			reply := &storm.Reply{}
			if err := n.do(c, reply); err != nil {
				reply.Error = err.Error()
			}
			n.out.write(storm.Line{Reply: reply})
		case <-terminated:
			go n.listen(commands)
			os.Exit(n.drain())
		}
	}
}

// obey passes on what the parent wants, until it is gone.
func obey(in io.Reader, commands chan<- storm.Command) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var c storm.Command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, "node: malformed command:", err)
			break
		}
		commands <- c
	}
	os.Exit(exitOrphan)
}
