package persist

import "time"

// overhead is what a session that waits costs beside its bytes, so that the limit holds for many small ones, and for
// touches and deletes, too.
const overhead = 256

// note keeps the order in which what waits would be given up. Of a session in flight only bytes count: a touch
// that is given up frees nothing then. op is the kind of a write that came in, None for one that comes back.
func (p *Pipeline) note(e *entry, op Op) {
	kind := e.next.Op
	if kind == Delete || kind == Touch && e.fly != nil {
		kind = None
	}
	if e.aged != None && (e.aged != kind || op == Save) {
		p.forget(e)
	}
	if kind == None || e.aged != None {
		return
	}
	e.aged = kind
	if op == None { // it was tried, so it is old
		p.ages[kind].pushFront(e)
	} else {
		p.ages[kind].pushBack(e)
	}
}

func (p *Pipeline) forget(e *entry) {
	if e.aged != None {
		p.ages[e.aged].remove(e)
		e.aged = None
	}
}

// size is what the limit is for.
func (p *Pipeline) size() int64 { return p.bytes + int64(len(p.entries))*overhead }

// overflow gives up what no worker has until the limit holds: the oldest touches, then the oldest states. Deletes stay.
func (p *Pipeline) overflow() (lost []Write) {
	for p.cfg.MaxBytes > 0 && p.size() > p.cfg.MaxBytes {
		e := p.ages[Touch].front
		if e == nil {
			e = p.ages[Save].front
		}
		if e == nil {
			break
		}
		lost = append(lost, e.next)
		p.discard(e, ErrOverflow)
	}
	return lost
}

// discard gives up what an entry has not begun. Who waits for a spare touch that is pushed out waits for a state that is
// durable.
func (p *Pipeline) discard(e *entry, err error) {
	p.forget(e)
	p.bytes -= int64(len(e.next.Data))
	if e.next.Spare && err == ErrOverflow {
		err = nil
	}
	var flying uint64
	if e.fly != nil {
		flying = e.fly.Seq
	}
	e.resolveAfter(flying, e.next.Seq, err)
	e.drop()
	p.clean(e)
}

// wait counts a session among those that wait.
func (p *Pipeline) wait(e *entry) {
	e.since = time.Since(p.start)
	p.since.pushBack(e)
}

// oldest is how long the session has waited that waits longest.
func (p *Pipeline) oldest() time.Duration {
	if p.since.front == nil {
		return 0
	}
	return time.Since(p.start) - p.since.front.since
}
