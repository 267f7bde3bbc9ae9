package shop

import "fmt"

// product is something the shop sells. Its ID is also its picture's name and part of its controls' test names.
type product struct {
	ID    string
	Name  string
	About string
	Price cents
}

// products are all the shop has, in the order of the page.
var products = []product{
	{"apple", "Apple", "Crisp, and a little sour", 60},
	{"pear", "Pear", "Soft, best tomorrow", 85},
	{"plum", "Plum", "Sweet down to the stone", 35},
}

func sells(id string) bool {
	for _, p := range products {
		if p.ID == id {
			return true
		}
	}
	return false
}

// cents is an amount of money.
type cents int

func (c cents) String() string { return fmt.Sprintf("€%d.%02d", int(c)/100, int(c)%100) }
