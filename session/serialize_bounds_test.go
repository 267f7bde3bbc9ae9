package session_test

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

// TestHostileBytesCostBoundedMemory decodes bytes made to take as much memory as they can.
func TestHostileBytesCostBoundedMemory(t *testing.T) {
	const entries = 1 << 17
	shapes := "\x9a\x00\x01\xff\xff" + strings.Repeat("\xa1\x02\xa0", 1<<17-1) // fields with nothing in them
	var keys strings.Builder
	for i := range entries {
		keys.WriteString("\x62" + string(rune(0x80+i%0x700)) + "\x40")
	}
	for name, data := range map[string]string{
		"schema of shapes":   "\xa3\x01\x61s\x0a\x02\x0b\xa1\x02\xa1\x61k\xa1\x07" + shapes,
		"large schema":       "\xa3\x01\x61s\x0a\x02\x0b\xa1\x01\x7a\x00\xff\xff\xf0" + strings.Repeat("x", 0xfffff0-100),
		"duplicate signals":  "\xa3\x01\x61s\x0a\x02\x07\xba\x00\x02\x00\x00" + keys.String(),
		"claims many":        "\xa3\x01\x61s\x0a\x02\x07\xba\x00\x02\x00\x00",
		"claims long text":   "\xa2\x01\x7b\x00\x00\x00\x00\x00\xff\xff\xff",
		"version 1, objects": `{"version":1,"id":"s","values":{"a":[` + strings.TrimSuffix(strings.Repeat(`{"a":0},`, entries), ",") + `]}}`,
		"version 1, levels":  strings.Repeat(`[`, 8<<20) + strings.Repeat(`]`, 8<<20),
		"version 1, escapes": `{"version":1,"id":"` + strings.Repeat(`\ud83d\ude00`, 1<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			boundedMemory(t, len(data), func() {
				_, err1 := session.Deserialize([]byte(data))
				_, err2 := session.DeserializeV2([]byte(data))
				if err1 == nil && err2 == nil {
					t.Error("both versions read the same bytes")
				}
			})
		})
	}
}
