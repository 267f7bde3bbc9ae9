// Package all registers the URL schemes of every driver. Import it for its side effect:
//
//	import _ "github.com/limpet-go/limpet/drivers/all"
package all

import (
	_ "github.com/limpet-go/limpet/drivers/mysql"    // mysql:, mariadb:
	_ "github.com/limpet-go/limpet/drivers/postgres" // postgres:, postgresql:
	_ "github.com/limpet-go/limpet/drivers/redis"    // redis:, rediss:, redis+cluster:, rediss+cluster:
	_ "github.com/limpet-go/limpet/drivers/sqlite"   // sqlite:
)
