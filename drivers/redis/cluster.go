package redis

import (
	"context"
	"errors"
	"slices"
	"strconv"

	goredis "github.com/redis/go-redis/v9"
)

const slots = 1 << 14

// clusterNode returns the master to ask and the cursor of the master after it. Masters follow each other by the lowest
// slot that each owns, which a failover does not change.
func clusterNode(ctx context.Context, client *goredis.ClusterClient, at position) (goredis.Cmdable, string, error) {
	ranges := goredis.NewClusterSlotsCmd(ctx, "cluster", "slots") // what the client itself asks for, and has the right to
	if err := client.Process(ctx, ranges); err != nil {
		return nil, "", err
	}
	lowest, served := lowestSlots(ranges.Val())
	if served < slots {
		return nil, "", errors.New("the Cluster does not serve all of its slots")
	}
	master, err := client.MasterForKey(ctx, keyInSlot(at.slot))
	if err != nil {
		return nil, "", err
	}
	after, _ := slices.BinarySearch(lowest, at.slot+1)
	if after == len(lowest) {
		return master, "", nil
	}
	return master, position{slot: lowest[after]}.String(), nil
}

// lowestSlots returns the lowest slot of each master in ascending order, and how many slots they own together.
func lowestSlots(ranges []goredis.ClusterSlot) (lowest []int, served int) {
	of := map[string]int{}
	for _, r := range ranges {
		if len(r.Nodes) == 0 {
			continue
		}
		served += r.End - r.Start + 1
		master := r.Nodes[0].ID
		if first, ok := of[master]; !ok || r.Start < first {
			of[master] = r.Start
		}
	}
	for _, slot := range of {
		lowest = append(lowest, slot)
	}
	slices.Sort(lowest)
	return lowest, served
}

// keyInSlot returns a key that lies in a slot: go-redis finds masters by key only.
func keyInSlot(slot int) string {
	for n := 0; ; n++ {
		if key := strconv.Itoa(n); int(crc16(key))%slots == slot {
			return key
		}
	}
}

// crc16 is the checksum that the Cluster specification takes slots from: XMODEM's, with the polynomial 0x1021.
func crc16(key string) (sum uint16) {
	for i := range len(key) {
		sum ^= uint16(key[i]) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			sum <<= 1
			if carry {
				sum ^= 0x1021
			}
		}
	}
	return sum
}
