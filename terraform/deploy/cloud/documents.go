package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// Store reads and erases a deployment's documents with the operator's rights.
type Store struct {
	client  *firestore.Client
	explain func(what string, err error) error
	timeout time.Duration
}

// OpenStore opens a project's Firestore database; the caller closes the Store.
// FIRESTORE_EMULATOR_HOST leads it to an emulator, and needs no credentials.
func OpenStore(ctx context.Context, project, database string, o Options) (*Store, error) {
	c := &Client{project: project, timeout: cmp.Or(o.Timeout, 20*time.Second)} // for its explanations
	options, err := o.documentOptions()
	if err != nil {
		return nil, c.explain("look for credentials", err)
	}
	client, err := firestore.NewClientWithDatabase(ctx, project, database, options...)
	if err != nil {
		return nil, c.explain("open database "+database, err)
	}
	return &Store{client: client, explain: c.explain, timeout: c.timeout}, nil
}

// documentOptions lead to Firestore with the operator's credentials, or to a server
// that takes everybody.
func (o Options) documentOptions() ([]option.ClientOption, error) {
	emulator, _ := o.lookup()("FIRESTORE_EMULATOR_HOST")
	if host := cmp.Or(o.Endpoints[Documents], emulator); host != "" {
		return []option.ClientOption{
			option.WithEndpoint(host), option.WithoutAuthentication(), option.WithTelemetryDisabled(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		}, nil
	}
	return credentials(o.lookup())
}

// Close closes the connection.
func (s *Store) Close() error { return s.client.Close() }

// Checkout is what is read of a checkout's document.
type Checkout struct {
	Test      bool                `firestore:"test"`
	Shopper   string              `firestore:"shopper"`
	Reminders map[string]Reminder `firestore:"reminders"` // by "{generation}-{step}"
}

// Reminder is what is read of one of its reminders.
type Reminder struct {
	DueAt     time.Time `firestore:"due_at"`
	SentAt    time.Time `firestore:"sent_at"`
	LastError string    `firestore:"last_error"`
}

// Checkout reads a checkout by its key. ErrNotFound: there is none.
func (s *Store) Checkout(ctx context.Context, store, key string) (c Checkout, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	snap, err := s.doc(store, "checkouts", key).Get(ctx)
	if err == nil {
		err = snap.DataTo(&c)
	}
	return c, s.because("read checkout "+key, err)
}

// EraseTest deletes a test checkout with its messages, and its shopper where no other
// checkout and no order is the shopper's. A checkout that is not there is fine; one
// that is no test stays, and is an error. Tasks that still come for it find nothing.
func (s *Store) EraseTest(ctx context.Context, store, key string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		gone, err := s.whatGoes(tx, store, key)
		for _, ref := range gone {
			if err := tx.Delete(ref); err != nil {
				return err
			}
		}
		return err
	})
	return s.because("erase checkout "+key, err)
}

// whatGoes reads a test checkout and lists the documents that go with it.
func (s *Store) whatGoes(tx *firestore.Transaction, store, key string) ([]*firestore.DocumentRef, error) {
	ref := s.doc(store, "checkouts", key)
	snap, err := tx.Get(ref)
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var c Checkout
	if err := snap.DataTo(&c); err != nil {
		return nil, err
	}
	if !c.Test {
		return nil, errors.New("it is not a test checkout")
	}
	gone := []*firestore.DocumentRef{ref}
	for id := range c.Reminders {
		gone = append(gone, s.doc(store, "messages", key+"-"+id))
	}
	alone, err := s.alone(tx, store, c.Shopper)
	if alone {
		gone = append(gone, s.doc(store, "shoppers", c.Shopper))
	}
	return gone, err
}

// alone says whether the shopper has this one checkout, and no order.
func (s *Store) alone(tx *firestore.Transaction, store, shopper string) (bool, error) {
	if shopper == "" {
		return false, nil
	}
	checkouts := s.client.Collection("stores").Doc(store).Collection("checkouts")
	// In the order of the index that there is.
	mine, err := tx.Documents(checkouts.Where("shopper", "==", shopper).OrderBy("t", firestore.Desc).Limit(2)).GetAll()
	if err != nil || len(mine) > 1 {
		return false, err
	}
	snap, err := tx.Get(s.doc(store, "shoppers", shopper))
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ordered, _ := snap.Data()["last_order"].(int64)
	return ordered == 0, nil
}

func (s *Store) doc(store, collection, key string) *firestore.DocumentRef {
	return s.client.Collection("stores").Doc(store).Collection(collection).Doc(key)
}

func (s *Store) because(what string, err error) error {
	if status.Code(err) == codes.NotFound {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return s.explain(what, err)
}
