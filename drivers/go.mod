module github.com/limpet-go/limpet/drivers

go 1.26

require (
	github.com/limpet-go/limpet v0.0.0
	modernc.org/sqlite v1.61.1
)

replace github.com/limpet-go/limpet => ../
