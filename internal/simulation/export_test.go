package simulation

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Each deliberate bug in what is read of a shopper is found by the export's rules.
func TestFindsBugsOfExport(t *testing.T) {
	t.Parallel()
	for name, bug := range map[string]struct {
		wrong func(p, before recovery.Personal) recovery.Personal
		what  string
	}{
		"leaves the checkouts out": {func(p, _ recovery.Personal) recovery.Personal { p.Checkouts = nil; return p }, "lacks the checkout"},
		"leaves the orders out":    {func(p, _ recovery.Personal) recovery.Personal { p.Orders = nil; return p }, "lacks the order"},
		"leaves the mails out":     {func(p, _ recovery.Personal) recovery.Personal { p.Messages = nil; return p }, "lacks the mail"},
		"tells another's checkouts": {func(p, before recovery.Personal) recovery.Personal {
			p.Checkouts = append(p.Checkouts, before.Checkouts...)
			return p
		}, "holds a checkout"},
		"tells another's orders": {func(p, before recovery.Personal) recovery.Personal {
			p.Orders = append(p.Orders, before.Orders...)
			return p
		}, "holds an order"},
		"tells another's mails": {func(p, before recovery.Personal) recovery.Personal {
			p.Messages = append(p.Messages, before.Messages...)
			return p
		}, "holds a mail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before recovery.Personal // what the process read last, of whomever
			r := NewRunner(Hooks{DB: func(db recovery.DB) recovery.DB { return readsWrong{db, bug.wrong, &before} }})
			defer r.Close()
			for seed := range uint64(within) {
				h := r.Run(seed)
				if i := slices.IndexFunc(h.Violations, func(v Violation) bool { return v.Promise == 9 && strings.Contains(v.What, bug.what) }); i >= 0 {
					t.Logf("found by history %d: %s", seed, h.Violations[i])
					return
				}
			}
			t.Errorf("not found within %d histories, want a breach of promise 9", within)
		})
	}
}

// An erasure that is answered well and does nothing is found by what is exported later.
func TestFindsWhatWasNotErased(t *testing.T) {
	t.Parallel()
	r := NewRunner(Hooks{Handler: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/privacy/erase" {
				w.WriteHeader(http.StatusOK)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	defer r.Close()
	for seed := range uint64(within) {
		for _, v := range r.Run(seed).Violations {
			if strings.Contains(v.What, "though the shopper was erased") {
				return
			}
		}
	}
	t.Errorf("not found within %d histories", within)
}

// readsWrong reads of a shopper something else than there is.
type readsWrong struct {
	recovery.DB
	wrong  func(p, before recovery.Personal) recovery.Personal
	before *recovery.Personal
}

func (r readsWrong) Personal(ctx context.Context, store, shopper string) (recovery.Personal, error) {
	p, err := r.DB.Personal(ctx, store, shopper)
	told := r.wrong(p, *r.before)
	if len(p.Checkouts)+len(p.Orders)+len(p.Messages) > 0 {
		*r.before = p
	}
	return told, err
}
