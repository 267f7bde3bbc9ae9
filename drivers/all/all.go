// Package all registers the URL schemes of every driver. Import it for its side effect:
//
//	import _ "github.com/limpet-go/limpet/drivers/all"
package all

import (
	_ "github.com/limpet-go/limpet/drivers/sqlite" // sqlite:
)
