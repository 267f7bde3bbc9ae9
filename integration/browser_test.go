package integration

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestBrowser runs every test that looks through a browser, in one browser.
func TestBrowser(t *testing.T) {
	b := launch(t)
	b.limpet = build(t)
	for _, tt := range []struct {
		name string
		test func(*testing.T, *browser)
	}{
		{"tabs come back after the page's own kill button", tabsComeBackAfterKillButton},
		{"tabs come back after SIGKILL", tabsComeBackAfterSIGKILL},
		{"clicks across a kill count once", clicksAcrossAKillCountOnce},
		{"tabs come back after the demo was stopped", tabsComeBackAfterStop},
		{"tabs come back after everything was killed", tabsComeBackAfterKillingEverything},
		{"tab with a bad blob starts fresh", tabWithABadBlobStartsFresh},
		{"duplicated tab gets a session of its own", duplicatedTabGetsItsOwnSession},
		{"tab that was taken over stays away", takenOverTabStaysAway},
		{"reload keeps the cart", reloadKeepsTheCart},
		{"tab moves to the other node", tabMovesToTheOtherNode},
		{"input that kills the process is set aside", deadlyInputIsSetAside},
		{"tab of an overloaded node does not hurry", overloadedTabDoesNotHurry},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, b) })
	}
}

// browser is a running chromium.
type browser struct {
	ctx    context.Context
	limpet string // path of the program under test
}

// launch starts chromium without a window and ends it with the test.
func launch(t *testing.T) *browser {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)),
		chromedp.NoSandbox, // chromium refuses its sandbox to root
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 800),
		chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	t.Cleanup(func() {
		limited, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		if err := chromedp.Cancel(limited); err != nil {
			t.Errorf("ending chromium: %v", err)
		}
	})
	return &browser{ctx: ctx}
}

// chromium finds the browser. Without one the test is skipped, unless everything is required.
func chromium(t *testing.T) string {
	const debian = "/usr/lib/chromium/chromium" // not the wrapper in the path, which chats
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const hint = "chromium is missing: apt-get install chromium"
	if os.Getenv("LIMPET_TEST_REQUIRE") == "all" {
		t.Fatal(hint)
	}
	t.Skip(hint)
	return ""
}
