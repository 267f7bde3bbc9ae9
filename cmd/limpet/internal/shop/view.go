package shop

// view is what the template shows.
type view struct {
	Theme    string
	Products []shelf
	Lines    []shelf
	Count    int
	Total    cents
	Note     string
	Limit    int
	Pointer  point
	Server   Server
}

// shelf is a product and how many of it lie in the cart.
type shelf struct {
	product
	Quantity int
	Sum      cents
}

func (v *visit) view() view {
	c := v.cart.Get()
	out := view{
		Theme:   theme.Get(v.session),
		Count:   c.count(),
		Total:   c.total(),
		Note:    v.note.Get(),
		Limit:   noteLimit,
		Pointer: v.pointer.Get(),
		Server:  v.server,
	}
	for _, p := range products {
		n := c.quantity(p.ID)
		s := shelf{p, n, p.Price * cents(n)}
		out.Products = append(out.Products, s)
		if n > 0 {
			out.Lines = append(out.Lines, s)
		}
	}
	return out
}
