package firestore

import (
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/lock"
	"github.com/comeback-checkout/comeback/emulators/firestore/internal/store"
)

// database is one project's database, a space of its own.
type database struct {
	name  string // projects/P/databases/D
	s     *Server
	store *store.Store
	locks lock.Table

	mu  sync.Mutex
	txs map[string]*transaction // those under way, by ID
	// ended says how those that ended of late did, for the calls that still name them.
	ended     map[string]ending
	endedFIFO []string
	begun     uint64
}

func newDatabase(s *Server, name string) *database {
	db := &database{name: name, s: s, txs: map[string]*transaction{}, ended: map[string]ending{}}
	db.store = store.New(store.Options{
		Database: name,
		Now:      s.o.Clock.Now,
		Disk:     s.o.Disk,
		OnApply: func(changes []store.Change) {
			s.revision.Add(1)
			for _, c := range changes {
				s.expiries.note(db, c)
			}
		},
	})
	return db
}

// document finds the database and the path of a document's name.
func (s *Server) document(name string) (*database, string, error) {
	dbName, path, err := docname.Document(name)
	if err != nil {
		return nil, "", err
	}
	db, err := s.database(dbName)
	return db, path, err
}

// parent is document for what collections hang under, the root too.
func (s *Server) parent(name string) (*database, string, error) {
	dbName, path, err := docname.Parent(name)
	if err != nil {
		return nil, "", err
	}
	db, err := s.database(dbName)
	return db, path, err
}

// path checks that the name is of a document in this database.
func (db *database) path(name string) (string, error) {
	dbName, path, err := docname.Document(name)
	if err != nil {
		return "", err
	}
	if dbName != db.name {
		return "", status.Errorf(codes.InvalidArgument, "Document name %q is not in the database %q of the request.", name, db.name)
	}
	return path, nil
}

func (db *database) nameOf(path string) string { return db.name + "/documents/" + path }

// micros turns a request's time into the store's; 0 stands for none.
func micros(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return 0
	}
	return t.AsTime().UnixMicro()
}

func timestamp(micros int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMicro(micros)) }

func missing(name string) error {
	return status.Errorf(codes.NotFound, "Document %q not found.", name)
}

func documentLock(path string, mode lock.Mode) lock.Lock {
	return lock.Lock{Key: "document " + path, Mode: mode}
}

func groupKey(collectionID string) string { return "group " + collectionID }
