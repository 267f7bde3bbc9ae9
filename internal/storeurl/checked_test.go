package storeurl

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestChecked(t *testing.T) {
	err := fmt.Errorf("open: %w", Checked(io.EOF))
	if !IsChecked(err) || !errors.Is(err, io.EOF) || err.Error() != "open: EOF" {
		t.Errorf("%v: marked %v", err, IsChecked(err))
	}
	if IsChecked(io.EOF) || Checked(nil) != nil {
		t.Error("what nobody checked is marked")
	}
}
