package testserver

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// orphanEnv has the test binary be an orphan's parent, and says how it ends.
const orphanEnv = "LIMPET_TEST_ORPHAN"

func init() {
	if os.Getenv(orphanEnv) != "" {
		orphan = runOrphan
	}
}

// runOrphan is a test process that starts servers, pauses one, says where they are and then ends as it was told to.
func runOrphan() int {
	for i, start := range []func(...string) (*Server, error){newPostgres, newMySQL, newRedis, newPostgres} {
		s, err := start()
		if err != nil {
			fmt.Println("failed:", err)
			return 1
		}
		if i == 3 {
			if err := freeze(s.proc, s.cmd.dir); err != nil {
				fmt.Println("failed:", err)
				return 1
			}
		}
	}
	fmt.Println(root.path)
	if os.Getenv(orphanEnv) == "exit" {
		return 3
	}
	bufio.NewReader(os.Stdin).ReadByte() // until it is killed
	return 0
}

func TestNothingOutlivesTheTestProcess(t *testing.T) {
	for _, how := range []string{"kill", "exit"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), orphanEnv+"="+how)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, _ := bufio.NewReader(out).ReadString('\n')
			dir := strings.TrimSpace(line)
			if len(workers(dir)) < 4 && how == "kill" {
				t.Fatalf("no servers in %q", dir)
			}
			cmd.Process.Kill()
			cmd.Wait()
			err = poll(10*time.Second, nil, func() error {
				if pids := workers(dir); len(pids) > 0 {
					return fmt.Errorf("processes %v are left", pids)
				}
				if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
					return fmt.Errorf("folder is left: %v", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSweepRemovesWhatNobodyHolds(t *testing.T) {
	base := t.TempDir()
	abandoned, held := base+"/x-1", base+"/x-2"
	for _, dir := range []string{abandoned, held} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := guard(dir)
		if err != nil {
			t.Fatal(err)
		}
		if dir == abandoned {
			f.Close()
		} else {
			defer f.Close()
		}
	}
	sweep(base + "/x-")
	if _, err := os.Stat(abandoned); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("abandoned folder: %v", err)
	}
	if _, err := os.Stat(held); err != nil {
		t.Errorf("held folder: %v", err)
	}
}
