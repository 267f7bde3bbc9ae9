package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a condition may take unless a test says otherwise.
const patience = 10 * time.Second

// tab is one tab of the browser. Its methods fail the test of which it is part.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open shows url in a new tab, or joins one that options name. The tab is closed with the test. What its scripts do
// wrong fails the test.
func (b *browser) open(t *testing.T, url string, opts ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, opts...)
	tb := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		t.Fatalf("opening a tab: %v", err)
	}
	watch := tb.watch()
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("closing a tab: %v", err)
		}
		watch()
	})
	if url != "" {
		tb.do(chromedp.Navigate(url))
	}
	return tb
}

// watch collects what the browser complains about. The function it returns, called after the tab was closed, fails
// the test over it.
func (tb *tab) watch() func() {
	messages := chromedp.Console(tb.ctx)
	done := make(chan []string)
	go func() {
		var bad []string
		for m, err := range messages {
			if err != nil {
				break
			}
			if m.IsException() || m.Source == "security" {
				bad = append(bad, m.String())
			}
		}
		done <- bad
	}()
	return func() {
		for _, m := range <-done {
			tb.t.Errorf("the browser complains: %s", m)
		}
	}
}

// do runs browser actions within the usual patience.
func (tb *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tb.t.Fatalf("browser: %v", err)
	}
}

// try evaluates an expression that may fail, as one does while a page loads.
func try[T any](tb *tab, js string) (T, error) {
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](js))
}

// eval evaluates an expression.
func eval[T any](tb *tab, js string) T {
	tb.t.Helper()
	v, err := try[T](tb, js)
	if err != nil {
		tb.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// wait polls until a condition of the page holds. It fails the test at the deadline.
func (tb *tab) wait(deadline time.Time, js string) {
	tb.t.Helper()
	until(tb.t, deadline, js, func() bool {
		ok, err := try[bool](tb, "!!("+js+")")
		return err == nil && ok
	})
}

// until polls a condition.
func until(t *testing.T, deadline time.Time, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-tick.C
	}
}

func soon() time.Time { return time.Now().Add(patience) }

// css selects the element of a test name.
func css(testid string) string { return fmt.Sprintf("[data-testid=%q]", testid) }

// element is an expression for the element of a test name.
func element(testid string) string { return fmt.Sprintf("document.querySelector('%s')", css(testid)) }

// text returns what an element says.
func (tb *tab) text(testid string) string {
	tb.t.Helper()
	return eval[string](tb, element(testid)+".textContent.trim()")
}

// says waits until an element says something.
func (tb *tab) says(testid, want string) {
	tb.t.Helper()
	tb.wait(soon(), fmt.Sprintf("%s.textContent.trim() === %s", element(testid), quote(want)))
}

// click presses the mouse on an element.
func (tb *tab) click(testid string) {
	tb.t.Helper()
	tb.do(chromedp.Click(chromedp.CSS(css(testid))))
}

// press clicks an element from a script: it needs no visible place on the page, and no time.
func (tb *tab) press(testid string, times int) {
	tb.t.Helper()
	eval[bool](tb, fmt.Sprintf("(() => { for (let i = 0; i < %d; i++) %s.click(); return true })()", times, element(testid)))
}

// write types on the keyboard.
func (tb *tab) write(testid, text string) {
	tb.t.Helper()
	tb.do(chromedp.SendKeys(chromedp.CSS(css(testid)), text))
}

// mark leaves something in the page that no reload survives.
func (tb *tab) mark() {
	tb.t.Helper()
	eval[string](tb, "window.mark = 'the same page'")
}

// same fails the test if the page was loaded anew since mark.
func (tb *tab) same() {
	tb.t.Helper()
	if !eval[bool](tb, "window.mark === 'the same page'") {
		tb.t.Error("the page was loaded anew")
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.ReplaceAll(string(b), "'", `\u0027`)
}
