package limpet_test

import (
	"fmt"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/setup"
)

type Point struct{ X, Y int }

type CartItemRef struct {
	SKU string
	Qty int
}

type Theme string

const DefaultTheme Theme = "light"

var theme = limpet.NewSessionKey[Theme]("theme", limpet.Default(DefaultTheme))

// A component declares its signals on a scope. After a restart the same declarations find their values again.
func Example() {
	mount := func(sess *limpet.Session) (cursor *limpet.Signal[Point], cart *limpet.Signal[[]CartItemRef]) {
		s := setup.NewScope(sess, "Shop")
		cursor = setup.Signal(&s, Point{0, 0})                            // local: not persisted
		cart = setup.SharedSignal(&s, []CartItemRef{}, setup.Key("cart")) // persisted with the session
		return cursor, cart
	}

	before := limpet.NewSession("an-unguessable-id")
	cursor, cart := mount(before)
	cursor.Set(Point{3, 4})
	cart.Set([]CartItemRef{{SKU: "apple", Qty: 2}})
	theme.Set(before, "dark")
	data, err := before.Serialize()
	if err != nil {
		fmt.Println(err)
		return
	}

	after := limpet.NewSession("an-unguessable-id")
	if err := after.Deserialize(data); err != nil {
		fmt.Println(err)
		return
	}
	cursor, cart = mount(after)
	fmt.Println(cursor.Get(), cart.Get(), theme.Get(after))
	// Output: {0 0} [{apple 2}] dark
}

// The shortest form: a positional key, which the session reports.
func ExampleSession_PositionalKeys() {
	sess := limpet.NewSession("an-unguessable-id")
	s := setup.NewScope(sess, "Shop")
	cursor := setup.Signal(&s, Point{0, 0})
	cart := setup.SharedSignal(&s, []CartItemRef{})
	fmt.Println(cursor.Get(), cart.Get(), sess.PositionalKeys())
	// Output: {0 0} [] [Shop#2]
}
