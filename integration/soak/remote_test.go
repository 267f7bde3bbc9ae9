package soak

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"sync"
	"time"

	"github.com/limpet-go/limpet/drivers/sqlite"
	"github.com/limpet-go/limpet/session"
)

// Request is a call of a target in another process.
type Request struct {
	Method   string
	IDs      []string
	Sessions map[string]session.SessionData
	Expiries map[string]time.Time
	User     string
	Timeout  time.Duration
}

// Response is what came of it.
type Response struct {
	Found  map[string][]byte
	Infos  []session.SessionInfo
	Error  string
	Undone []string // what the error names
	Named  bool     // whether it names any
}

// Served is a target that another process calls.
type Served struct{ store target }

// serve opens a store on a file and serves it until the process is killed.
func serve(file, addr string) int {
	store, err := sqlite.Open(file, sqlite.WithStore(sweeping()))
	if err == nil {
		err = accept(store, addr)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func accept(store target, addr string) error {
	server := rpc.NewServer()
	if err := server.Register(&Served{store}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server.Accept(l)
	return errors.New("listener closed")
}

// Call runs a request.
func (s *Served) Call(req Request, res *Response) error {
	ctx, cancel := context.WithTimeout(context.Background(), req.Timeout)
	defer cancel()
	err := s.run(ctx, req, res)
	if err == nil {
		return nil
	}
	res.Error = err.Error()
	var notSaved *session.NotSavedError
	var batch *session.BatchError
	if errors.As(err, &notSaved) {
		res.Undone, res.Named = notSaved.SessionIDs, true
	} else if errors.As(err, &batch) {
		res.Undone, res.Named = batch.SessionIDs, true
	}
	return nil
}

func (s *Served) run(ctx context.Context, req Request, res *Response) (err error) {
	switch req.Method {
	case "SaveAll":
		return s.store.SaveAll(ctx, req.Sessions)
	case "SaveAllAtomic":
		return s.store.SaveAllAtomic(ctx, req.Sessions)
	case "TouchAll":
		return s.store.TouchAll(ctx, req.Expiries)
	case "DeleteAll":
		return s.store.DeleteAll(ctx, req.IDs)
	case "LoadAll":
		res.Found, err = s.store.LoadAll(ctx, req.IDs)
		return err
	case "UserSessions":
		res.Infos, err = s.store.UserSessions(ctx, req.User)
		return err
	}
	return s.runOne(ctx, req, res)
}

func (s *Served) runOne(ctx context.Context, req Request, res *Response) error {
	id := req.IDs[0]
	switch req.Method {
	case "Save":
		return s.store.Save(ctx, id, req.Sessions[id].Data, req.Sessions[id].ExpiresAt)
	case "Touch":
		return s.store.Touch(ctx, id, req.Expiries[id])
	case "Delete":
		return s.store.Delete(ctx, id)
	case "SetUser":
		return s.store.SetUser(ctx, id, req.User, req.Expiries[id])
	case "Load":
		data, err := s.store.Load(ctx, id)
		if data != nil {
			res.Found = map[string][]byte{id: data}
		}
		return err
	}
	return fmt.Errorf("no method %s", req.Method)
}

// remote is a target in another process. It dials again when that was killed.
type remote struct {
	addr string
	mu   sync.Mutex
	conn *rpc.Client
}

func dialRemote(addr string) (*remote, error) {
	r := &remote{addr: addr}
	_, err := r.client()
	return r, err
}

func (r *remote) client() (*rpc.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil {
		return r.conn, nil
	}
	conn, err := rpc.Dial("tcp", r.addr)
	r.conn = conn
	return conn, err
}

func (r *remote) drop(conn *rpc.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == conn {
		r.conn = nil
	}
	_ = conn.Close() // it is broken already
}

func (r *remote) call(ctx context.Context, req Request) (Response, error) {
	var res Response
	conn, err := r.client()
	if err != nil {
		return res, err
	}
	deadline, _ := ctx.Deadline()
	req.Timeout = time.Until(deadline)
	if err := conn.Call("Served.Call", req, &res); err != nil {
		r.drop(conn)
		return Response{}, err
	}
	switch {
	case res.Error == "":
		return res, nil
	case res.Named && req.Method == "SaveAll":
		return res, &session.NotSavedError{SessionIDs: res.Undone, Err: errors.New(res.Error)}
	case res.Named:
		return res, &session.BatchError{SessionIDs: res.Undone, Err: errors.New(res.Error)}
	}
	return res, errors.New(res.Error)
}
