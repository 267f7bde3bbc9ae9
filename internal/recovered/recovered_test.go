package recovered_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/internal/recovered"
)

type cart struct{ Owner string }

type angry struct{ cart }

func (a *angry) Error() string { return a.Owner }

func TestTextGivesMessagesAndHidesData(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{"boom", "boom"},
		{errors.New("no such pear"), "no such pear"},
		{cart{Owner: "secret"}, "a value of type recovered_test.cart"},
		{[]byte("secret"), "a value of type []uint8"},
		{map[string]string{"card": "secret"}, "a value of type map[string]string"},
		{(*angry)(nil), "<nil>"},
	} {
		if got := recovered.Text(test.value); got != test.want {
			t.Errorf("%T: %q, want %q", test.value, got, test.want)
		}
	}
}

func TestTextOfTheRuntimesOwnPanics(t *testing.T) {
	defer func() {
		v := recover()
		if got := recovered.Text(v); !strings.Contains(got, "index out of range [3]") {
			t.Errorf("%q", got)
		}
		if _, ok := v.(runtime.Error); !ok {
			t.Errorf("%T", v)
		}
	}()
	_ = []int{1}[three()]
}

func three() int { return 3 }

//go:noinline
func explode(card int64) { panic(card) }

func TestStackNamesPlacesAndNoArguments(t *testing.T) {
	var stack string
	func() {
		defer func() {
			_ = recover()
			stack = recovered.Stack()
		}()
		explode(0x5ec4e7)
	}()
	first, _, _ := strings.Cut(stack, "\n")
	if !strings.Contains(first, ".explode ") || !strings.Contains(first, "recovered_test.go:") {
		t.Errorf("it begins with %q, want where the panic was", first)
	}
	if strings.Contains(stack, "5ec4e7") || strings.Contains(stack, "6210791") {
		t.Errorf("an argument is in it:\n%s", stack)
	}
}
