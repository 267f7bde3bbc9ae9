package shop

import (
	"slices"
	"testing"
)

func TestCart(t *testing.T) {
	var c cart
	for _, id := range []string{"plum", "apple", "plum", "pear"} {
		c = c.add(id)
	}
	if !slices.Equal(c, cart{{"plum", 2}, {"apple", 1}, {"pear", 1}}) {
		t.Fatalf("cart is %v", c)
	}
	if c.count() != 4 || c.total() != 215 || c.total().String() != "€2.15" {
		t.Errorf("%d things for %v", c.count(), c.total())
	}
	before := slices.Clone(c)
	after := c.remove("plum").remove("apple").remove("apple")
	if !slices.Equal(after, cart{{"plum", 1}, {"pear", 1}}) {
		t.Errorf("after removing: %v", after)
	}
	if !slices.Equal(c, before) {
		t.Errorf("removing changed the old cart to %v", c)
	}
	if after.quantity("apple") != 0 || after.quantity("plum") != 1 {
		t.Error("wrong quantities")
	}
}

func TestCartIsBounded(t *testing.T) {
	c := cart{{"pear", most}}
	if got := c.add("pear").quantity("pear"); got != most {
		t.Errorf("%d pears, want %d", got, most)
	}
}
