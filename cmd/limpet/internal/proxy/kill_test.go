package proxy

import (
	"net/http"
	"slices"
	"testing"
)

func TestKill(t *testing.T) {
	tests := []struct {
		name   string
		method string
		path   string
		header http.Header
		code   int
		killed []int
	}{
		{"by the page", "POST", "/kill?node=2", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 204, []int{2}},
		{"by hand", "POST", "/kill?node=1", nil, 204, []int{1}},
		{"another site", "POST", "/kill?node=2", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, nil},
		{"another port", "POST", "/kill?node=2", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403, nil},
		{"another origin, old browser", "POST", "/kill?node=2", http.Header{"Origin": {"http://evil.example"}}, 403, nil},
		{"by a link", "GET", "/kill?node=2", nil, 405, nil},
		{"no node", "POST", "/kill", nil, 400, nil},
		{"not a number", "POST", "/kill?node=all", nil, 400, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var nodes fakeNodes
			nodes.add(t, 1, says("a node was asked"))
			resp := send(t, front(t, &nodes), tt.method, tt.path, tt.header, nil)
			if resp.StatusCode != tt.code || !slices.Equal(nodes.killed, tt.killed) {
				t.Errorf("code %d, killed %v; want %d, %v", resp.StatusCode, nodes.killed, tt.code, tt.killed)
			}
		})
	}
}
