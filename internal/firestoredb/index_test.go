package firestoredb

import (
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// Each query passes with the project's indexes, and would be refused without: none
// stands in the file for nothing, and a query that is not served fails here first.
func TestQueriesNeedTheirIndexes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	key := recovery.CheckoutKey("default", "a")
	queries := map[string]func(*emulated) error{
		"the shopper's checkouts": func(e *emulated) error {
			_, err := e.FindForOrder(e.Context(), recovery.OrderQuery{Store: "default", Order: "o", Shopper: "shopper", Limit: 20})
			return err
		},
		"to check": func(e *emulated) error {
			_, err := e.ToCheck(e.Context(), now, nil, 10)
			return err
		},
		"to check, the next page": func(e *emulated) error {
			_, err := e.ToCheck(e.Context(), now, &recovery.Checkout{Store: "default", Key: key, CheckAt: now}, 10)
			return err
		},
	}
	with := open(t, recoverytest.NewClock(now), terraform.Indexes)
	without := open(t, recoverytest.NewClock(now), []byte(`{"indexes": [], "fieldOverrides": []}`))
	for name, query := range queries {
		if err := query(with); err != nil {
			t.Errorf("%s: got %v, want it served by the project's indexes", name, err)
		}
		err := query(without)
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "requires an index") || errors.Is(err, recovery.ErrConflict) {
			t.Errorf("%s, without indexes: got %v, want FAILED_PRECONDITION as it is", name, err)
		}
	}
}
