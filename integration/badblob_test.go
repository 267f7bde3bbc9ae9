package integration

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

// spoiled is a tab whose stored session is to be replaced by something it must not resume from.
type spoiled struct {
	how   string
	spoil func(mine, foreign []byte) []byte
	tab   *tab
	id    string
	data  []byte
}

func tabWithABadBlobStartsFresh(t *testing.T, b *browser) {
	d := b.newDemo(t)
	cases := []*spoiled{
		{how: "tampered", spoil: func(mine, _ []byte) []byte { mine[len(mine)-40] ^= 1; return mine }},
		{how: "truncated", spoil: func(mine, _ []byte) []byte { return mine[:len(mine)/2] }},
		{how: "emptied", spoil: func([]byte, []byte) []byte { return []byte{} }},
		{how: "foreign", spoil: func(_, foreign []byte) []byte { return foreign }},
		{how: "of a future version"},
	}
	bystander := &spoiled{how: "left alone"}
	all := append([]*spoiled{bystander}, cases...)
	for _, c := range all {
		c.tab = b.visit(t, d)
		c.tab.click("add-apple")
		c.tab.write("note", c.how) // by which to tell them apart in the store
		c.tab.shows(soon(), order{Apples: 1, Count: 1, Note: c.how, Theme: "light"})
		c.tab.mark()
	}
	for _, c := range all {
		c.tab.durable() // a fresh session gets what the lost one may never have had
	}
	old := bystander.tab.pid()

	d.stop()
	before := d.stored()
	ring := d.keyring()
	for _, c := range all {
		c.id = find(t, ring, before, c.how)
	}
	cases[len(cases)-1].spoil = func(mine, _ []byte) []byte { return future(t, ring, cases[len(cases)-1].id, mine) }
	for _, c := range cases {
		c.data = c.spoil(slices.Clone(before[c.id]), before[bystander.id])
		d.overwrite(c.id, c.data)
	}
	d.start()

	for _, c := range cases {
		c.tab.back(soon(), old)
		c.tab.shows(soon(), order{Theme: "light"})
		c.tab.same()
		c.tab.click("add-plum") // and it lives
		c.tab.says("cart-count", "1")
	}
	bystander.tab.back(soon(), old)
	bystander.tab.shows(soon(), order{Apples: 1, Count: 1, Note: bystander.how, Theme: "light"})
	if n := strings.Count(d.log.String(), "session not resumed"); n != len(cases) {
		t.Errorf("%d log lines, want one for each of %d sessions:\n%s", n, len(cases), d.log)
	}
	d.stop()
	after := d.stored()
	for _, c := range cases {
		if !bytes.Equal(after[c.id], c.data) {
			t.Errorf("%s: the stored bytes were changed", c.how)
		}
	}
	if len(after) != len(before)+len(cases) {
		t.Errorf("%d sessions are stored, want the %d old ones and %d fresh ones", len(after), len(before), len(cases))
	}
}

// find returns the ID of the session whose payload holds a text.
func find(t *testing.T, ring *session.Keyring, stored map[string][]byte, text string) string {
	t.Helper()
	for id, blob := range stored {
		payload, _, err := ring.Decode(id, blob)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(payload, []byte(text)) {
			return id
		}
	}
	t.Fatalf("no session holds %q", text)
	return ""
}

// future seals a session's payload again as a program of the next schema version would.
func future(t *testing.T, ring *session.Keyring, id string, blob []byte) []byte {
	t.Helper()
	payload, header, err := ring.Decode(id, blob)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ring.Encode(id, payload, header.SchemaHash, header.SchemaVersion+1)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// keyring is the one that the demo's nodes have. How it comes from the key must never change: every session in
// every store would be lost.
func (d *demo) keyring() *session.Keyring {
	d.t.Helper()
	key, err := os.ReadFile(d.file + ".key")
	if err != nil {
		d.t.Fatal(err)
	}
	derive := func(purpose string, size int) []byte {
		out, err := hkdf.Key(sha256.New, key, nil, purpose, size)
		if err != nil {
			d.t.Fatal(err)
		}
		return out
	}
	ring, err := session.NewKeyring(session.KeyringConfig{Sealed: true, Keys: []session.Key{{
		ID:     binary.BigEndian.Uint32(derive("limpet live: blob key id", 4)),
		Secret: derive("limpet live: session blob", 32),
	}}})
	if err != nil {
		d.t.Fatal(err)
	}
	return ring
}
