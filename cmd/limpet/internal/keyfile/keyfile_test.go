package keyfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestKeyIsCreatedOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.db.key")
	first, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != Size || !bytes.Equal(first, again) {
		t.Fatalf("first load gave %d bytes, the second the same: %v", len(first), bytes.Equal(first, again))
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
}

func TestStartersAtOnceAgree(t *testing.T) {
	for range 50 {
		dir := t.TempDir()
		path := filepath.Join(dir, "key")
		keys, errs := make([][]byte, 8), make([]error, 8)
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() { keys[i], errs[i] = Load(path) })
		}
		wg.Wait()
		for i := range keys {
			if errs[i] != nil || !bytes.Equal(keys[i], keys[0]) {
				t.Fatalf("starter %d: error %v, same key: %v", i, errs[i], bytes.Equal(keys[i], keys[0]))
			}
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Fatalf("%d files left, want the key alone", len(left))
		}
	}
}

func TestKeysThatCannotBeTrustedAreRefused(t *testing.T) {
	tests := []struct {
		name string
		size int
		mode os.FileMode
		want string
	}{
		{"cut short", Size - 1, 0o600, "31 bytes"},
		{"too long", Size + 1, 0o600, "33 bytes"},
		{"empty", 0, 0o600, "0 bytes"},
		{"readable by others", Size, 0o644, "mode 0644"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, make([]byte, tt.size), tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one that names the file and says %q", err, tt.want)
			}
		})
	}
}

func TestFolderThatIsMissing(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "no", "key")); err == nil {
		t.Error("no error without the folder")
	}
}

func TestNewKeysDiffer(t *testing.T) {
	if a, b := New(), New(); len(a) != Size || bytes.Equal(a, b) {
		t.Error("two new keys are equal, or short")
	}
}
