package supervisor

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// TestNodesDieWithTheirSupervisor kills a supervisor and watches its nodes: one kind would notice by itself, the other
// one must be told by the kernel.
func TestNodesDieWithTheirSupervisor(t *testing.T) {
	for _, how := range []string{"ignores-term", "ignores-everything"} {
		t.Run(how, func(t *testing.T) { killSupervisor(t, how) })
	}
}

// killSupervisor runs a supervisor in a process of its own, kills that and waits for the end of the nodes.
func killSupervisor(t *testing.T, how string) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestOrphanMaker$")
	cmd.Env = append(os.Environ(), "LIMPET_TEST_ORPHANS="+how)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	lines := bufio.NewScanner(out)
	for len(pids) < 2 && lines.Scan() {
		if pid, err := strconv.Atoi(lines.Text()); err == nil {
			pids = append(pids, pid)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if len(pids) != 2 {
		t.Fatalf("got the process ids %v", pids)
	}
	for _, pid := range pids {
		eventually(t, "the end of the orphan", func() bool { return !alive(pid) })
	}
}

// TestOrphanMaker is the process that TestNodesDieWithTheirSupervisor kills.
func TestOrphanMaker(t *testing.T) {
	if os.Getenv("LIMPET_TEST_ORPHANS") == "" {
		return
	}
	s := begin(t, config(2, os.Getenv("LIMPET_TEST_ORPHANS")))
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Live() {
		fmt.Println(p.PID)
	}
	<-t.Context().Done()
	select {} // until it is killed
}
