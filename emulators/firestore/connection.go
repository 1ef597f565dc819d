package firestore

import (
	"context"

	"google.golang.org/grpc/stats"
)

// connection stands for a client's connection. When it ends, the transactions
// begun over it may lose their locks to others at once: their client is most
// likely gone.
type connection struct{ _ byte } // not empty, so that each has an address of its own

type connectionKey struct{}

func connectionOf(ctx context.Context) *connection {
	c, _ := ctx.Value(connectionKey{}).(*connection)
	return c
}

// connections watches the connections for the server.
type connections struct{ s *Server }

var _ stats.Handler = connections{}

func (connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

func (c connections) HandleConn(ctx context.Context, what stats.ConnStats) {
	if _, ended := what.(*stats.ConnEnd); ended {
		c.s.orphan(connectionOf(ctx))
	}
}

func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (connections) HandleRPC(context.Context, stats.RPCStats) {}

func (s *Server) orphan(conn *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, db := range s.databases {
		db.mu.Lock()
		for _, tx := range db.txs {
			if tx.conn == conn {
				tx.orphaned.Store(true)
			}
		}
		db.mu.Unlock()
	}
}
