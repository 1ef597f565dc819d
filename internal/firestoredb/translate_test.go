package firestoredb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	kinds := []error{recovery.ErrExists, recovery.ErrConflict, recovery.ErrOverload}
	for _, c := range []struct {
		err  error
		want error // nil: of no kind
	}{
		{status.Error(codes.AlreadyExists, "Document already exists: projects/p/…"), recovery.ErrExists},
		{status.Error(codes.Aborted, "Too much contention on these documents."), recovery.ErrConflict},
		{status.Error(codes.NotFound, "No document to update: projects/p/…"), recovery.ErrConflict},
		{status.Error(codes.FailedPrecondition, "the stored version (2) does not match the required base version (1)"), recovery.ErrConflict},
		{status.Error(codes.FailedPrecondition, "the stored version of stores/index-cards does not match"), recovery.ErrConflict},
		{status.Error(codes.FailedPrecondition, "The query requires an index. You can create it here: …"), nil},
		{status.Error(codes.FailedPrecondition, "The query requires a COLLECTION_GROUP_ASC index for collection messages and field x."), nil},
		{status.Error(codes.Unavailable, "away"), recovery.ErrOverload},
		{status.Error(codes.ResourceExhausted, "quota"), recovery.ErrOverload},
		{status.Error(codes.DeadlineExceeded, "slow"), recovery.ErrOverload},
		{status.Error(codes.Canceled, "gone"), recovery.ErrOverload},
		{fmt.Errorf("reading: %w", status.Error(codes.Unavailable, "away")), recovery.ErrOverload},
		{fmt.Errorf("begin: %w", context.DeadlineExceeded), recovery.ErrOverload},
		{context.Canceled, recovery.ErrOverload},
		{status.Error(codes.PermissionDenied, "no role"), nil},
		{status.Error(codes.InvalidArgument, "bad"), nil},
		{errors.New("something else"), nil},
	} {
		got := translate(c.err)
		for _, kind := range kinds {
			if errors.Is(got, kind) != (kind == c.want) { //nolint:errorlint // sentinels
				t.Errorf("%v: is %v: %v, want %v", c.err, kind, errors.Is(got, kind), c.want)
			}
		}
		if !errors.Is(got, c.err) {
			t.Errorf("%v: got %v, which hides the cause", c.err, got)
		}
	}
	if translate(nil) != nil {
		t.Error("no error became one")
	}
}

// Only a transaction that has ended is begun anew: what is refused for its contents
// would be refused for ever.
func TestSpentTransaction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{status.Error(codes.InvalidArgument, "The referenced transaction has expired or is no longer valid."), true},
		{status.Error(codes.InvalidArgument, "Transaction too big. Decrease transaction size."), false},
		{status.Error(codes.InvalidArgument, "Cannot modify entities in a read-only transaction."), false},
		{status.Error(codes.Unavailable, "The referenced transaction has expired or is no longer valid."), false},
		{errors.New("the transaction is no longer valid"), false},
	} {
		if got := spentTransaction(c.err); got != c.want {
			t.Errorf("%v: got %v, want %v", c.err, got, c.want)
		}
	}
}
