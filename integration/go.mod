module github.com/limpet-go/limpet/integration

go 1.26

require (
	github.com/limpet-go/limpet v0.0.0
	github.com/limpet-go/limpet/drivers v0.0.0
	github.com/chromedp/chromedp v0.23.0
)

replace github.com/limpet-go/limpet/drivers => ../drivers

replace github.com/limpet-go/limpet => ../
