package live

import (
	"errors"
	"strings"
	"testing"
)

func TestDecodeHello(t *testing.T) {
	const part = "AAAAAAAAAAAAAAAAAAAAAA"
	for text, ok := range map[string]bool{
		`{"t":"hello","v":1,"tab":"","path":"/"}`:                                          true,
		`{"t":"hello","v":1,"tab":"` + part + `","path":"/a/b"}`:                           true,
		` {"t":"hello","v":1,"path":"/"} `:                                                 true,
		`{"t":"in","v":1,"tab":"","path":"/"}`:                                             false,
		`{"t":"hello","v":2,"tab":"","path":"/"}`:                                          false,
		`{"t":"hello","tab":"","path":"/"}`:                                                false,
		`{"t":"hello","v":1,"tab":"","path":""}`:                                           false,
		`{"t":"hello","v":1,"tab":"","path":"x"}`:                                          false,
		`{"t":"hello","v":1,"tab":"","path":"/` + strings.Repeat("x", maxPathBytes) + `"}`: false,
		`{"t":"hello","v":1,"tab":"` + part[1:] + `","path":"/"}`:                          false,
		`{"t":"hello","v":1,"tab":"` + part[1:] + `B","path":"/"}`:                         false, // not the one text of its bytes
		`{"t":"hello","v":1,"tab":"../../../../etc/passwd","path":"/"}`:                    false,
		`{"t":"hello","v":1,"tab":"","path":"/","more":1}`:                                 false,
		`{"t":"hello","v":1,"tab":"","path":"/"}{}`:                                        false,
		`null`: false,
		``:     false,
	} {
		if _, err := decodeHello([]byte(text)); (err == nil) != ok || (err != nil && !errors.Is(err, errProtocol)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDecodeInput(t *testing.T) {
	many := ""
	for i := range maxValues + 1 {
		many += `"` + strings.Repeat("y", i+1) + `":"",`
	}
	for text, ok := range map[string]bool{
		`{"t":"in","seq":1,"name":"add","v":{"n":"1"}}`:                         true,
		`{"t":"in","seq":0,"name":"add"}`:                                       true,
		`{"t":"in","seq":9007199254740991,"name":"add","again":true}`:           true,
		`{"t":"in","seq":9007199254740992,"name":"add"}`:                        false,
		`{"t":"in","seq":-1,"name":"add"}`:                                      false,
		`{"t":"in","seq":1.5,"name":"add"}`:                                     false,
		`{"t":"in","seq":"1","name":"add"}`:                                     false,
		`{"t":"in","seq":1,"name":""}`:                                          false,
		`{"t":"in","seq":1,"name":"` + strings.Repeat("n", 65) + `"}`:           false,
		`{"t":"in","seq":1,"name":"add","v":{"n":1}}`:                           false,
		`{"t":"in","seq":1,"name":"add","v":{` + strings.Trim(many, ",") + `}}`: false,
		`{"t":"ack","seq":1,"name":"add"}`:                                      false,
		`{"t":"in","seq":1,"name":"add","html":""}`:                             false,
		`[]`: false,
		`{"t":"in","seq":1,"name":"add","v":{"n":"` + strings.Repeat("x", maxMessageBytes) + `"}}`: false,
	} {
		if _, err := decodeInput([]byte(text)); (err == nil) != ok || (err != nil && !errors.Is(err, errProtocol)) {
			t.Errorf("%.80s: %v", text, err)
		}
	}
}

func FuzzDecodeInput(f *testing.F) {
	f.Add(`{"t":"in","seq":1,"name":"add","v":{"n":"1"},"again":true}`)
	f.Add(`{"t":"in","seq":1e3,"name":"add"}`)
	f.Add(`{"T":"in","SEQ":1,"Name":"add"} []`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decodeInput([]byte(text))
		switch {
		case err != nil && !errors.Is(err, errProtocol):
			t.Errorf("error %v is none of the protocol", err)
		case err == nil && (m.T != typeInput || m.Seq > maxSeq || m.Name == "" || len(m.Name) > maxNameBytes || len(m.V) > maxValues):
			t.Errorf("accepted %+v", m)
		}
	})
}
