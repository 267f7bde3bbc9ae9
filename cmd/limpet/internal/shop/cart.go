package shop

import "slices"

// most is how many of one product a cart takes.
const most = 999

// cart is what a visitor put aside, in the order of the first of each product. Its methods return a new cart and
// leave the old one as it was.
type cart []line

// line is one product in a cart. It is never empty.
type line struct {
	Product  string
	Quantity int
}

func (c cart) quantity(id string) int {
	if i := c.index(id); i >= 0 {
		return c[i].Quantity
	}
	return 0
}

func (c cart) index(id string) int {
	return slices.IndexFunc(c, func(l line) bool { return l.Product == id })
}

func (c cart) add(id string) cart {
	c = slices.Clone(c)
	i := c.index(id)
	if i < 0 {
		return append(c, line{id, 1})
	}
	c[i].Quantity = min(c[i].Quantity+1, most)
	return c
}

func (c cart) remove(id string) cart {
	c = slices.Clone(c)
	i := c.index(id)
	if i < 0 {
		return c
	}
	if c[i].Quantity--; c[i].Quantity == 0 {
		c = slices.Delete(c, i, i+1)
	}
	return c
}

// count is how many things lie in the cart.
func (c cart) count() int {
	n := 0
	for _, l := range c {
		n += l.Quantity
	}
	return n
}

func (c cart) total() cents {
	var sum cents
	for _, p := range products {
		sum += p.Price * cents(c.quantity(p.ID))
	}
	return sum
}
