package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

const smokeAbout = `Tries a deployment with one real mail: posts a test checkout that was left just long
enough ago for its first reminder to be due in 10 s, waits until the mail is handed to
SendGrid, and erases the checkout again. No other reminder of it is mailed.

The mail goes to the store's test_recipients, all of them, of whom -to has to be one.
The API key is taken from the environment variable that the configuration names, else
from Secret Manager. Erasing needs roles/datastore.user.`

// smoke is the command.
func (p *program) smoke(ctx context.Context, args []string) error {
	o := newOptions("smoke", smokeAbout)
	s := &smokeTest{program: p, o: o}
	store := ""
	o.StringVar(&o.config, "config", "", "the `path` of comeback.yaml, as it is deployed")
	o.StringVar(&s.to, "to", "", "your `address`, one of the store's test_recipients")
	o.StringVar(&store, "store", "default", "the `store` that is tried")
	o.StringVar(&s.url, "url", "", "the `address` of Checkout (default: the deployment's, from Terraform's state)")
	o.StringVar(&s.database, "database", "comeback", "the Firestore database's `name`")
	o.DurationVar(&s.timeout, "timeout", 2*time.Minute, "how long to wait for the mail")
	if err := o.parse(p, args); err != nil {
		return err
	}
	if o.project == "" || o.config == "" || s.to == "" {
		return errors.New("want -project, -config and -to: see deploy smoke -help")
	}
	shop, err := readShop(o.config)
	if err != nil {
		return err
	}
	if s.store = shop.stores[store]; s.store == nil {
		return fmt.Errorf("-store %s: want one of %s", store, strings.Join(shop.ids(), ", "))
	}
	if err := s.mailable(); err != nil {
		return err
	}
	if err := s.connect(ctx, shop); err != nil {
		return err
	}
	defer s.documents.Close()
	return s.run(ctx)
}

// smokeTest is one run of smoke.
type smokeTest struct {
	*program
	o             *options
	store         *config.Store
	to            string
	url, database string
	timeout       time.Duration

	key       string // the API key
	documents *cloud.Store
	checkout  testCheckout
}

// mailable says why the configuration would keep a test's mail back.
func (s *smokeTest) mailable() error {
	same := func(r string) bool { return strings.EqualFold(r, strings.TrimSpace(s.to)) }
	switch {
	case !slices.ContainsFunc(s.store.TestRecipients, same):
		return fmt.Errorf("-to %s: want one of the test_recipients of store %s (%s): tests are mailed to nobody else. Add it to the configuration file and apply first",
			s.to, s.store.ID, orNone(s.store.TestRecipients))
	case s.store.Shadow:
		return fmt.Errorf("store %s has shadow: true, which mails nothing", s.store.ID)
	case s.store.ActiveFrom.After(s.now().Add(-s.store.Steps[0].After)):
		return fmt.Errorf("store %s mails only what was left after its active_from, %s", s.store.ID, s.store.ActiveFrom.Format(time.RFC3339))
	}
	return nil
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "it has none"
	}
	return strings.Join(list, ", ")
}

// connect finds the function, its key and the database, all before anything is posted.
func (s *smokeTest) connect(ctx context.Context, shop *shop) error {
	if s.url == "" {
		d, err := s.readAddresses(ctx, s.o)
		if err != nil {
			return err
		}
		if s.url = d.URLs["Checkout"]; s.url == "" {
			return errors.New("the state of Terraform knows no address of Checkout: apply first, or name it with -url")
		}
	}
	if err := s.findKey(ctx, shop); err != nil {
		return err
	}
	var err error
	if s.checkout, err = newTestCheckout(s.store, s.now()); err != nil {
		return err
	}
	s.documents, err = cloud.OpenStore(ctx, s.o.project, s.database, cloud.Options{Lookup: s.lookup})
	if err != nil {
		return err
	}
	_, err = s.documents.Checkout(ctx, s.store.ID, s.checkout.key)
	if err != nil && !errors.Is(err, cloud.ErrNotFound) {
		return errors.Join(fmt.Errorf("the test could not be erased, so it is not begun: %w", err), s.documents.Close())
	}
	return nil
}

// findKey reads the store's API key.
func (s *smokeTest) findKey(ctx context.Context, shop *shop) error {
	name := shop.name(s.store.APIKeys[0])
	if s.key = strings.TrimSpace(s.variable(name)); s.key != "" {
		return nil
	}
	client, err := s.program.cloud(ctx, s.o.project)
	if err != nil {
		return err
	}
	value, err := client.SecretValue(ctx, name)
	if err != nil {
		return fmt.Errorf("%w; or set the variable %s", err, name)
	}
	s.key = strings.TrimSpace(string(value))
	return nil
}

// eraseTimeout bounds the erasure, which also follows an interrupt.
const eraseTimeout = 30 * time.Second

// run posts, waits and erases, whatever happened in between.
func (s *smokeTest) run(ctx context.Context) error {
	fmt.Fprintf(s.out, "posting a test checkout to %s\n", s.url)
	err := s.waitForMail(ctx)
	erasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), eraseTimeout)
	defer cancel()
	if err := s.documents.EraseTest(erasing, s.store.ID, s.checkout.key); err != nil {
		fmt.Fprintf(s.errOut, "the test checkout %s is not erased: %v\nIt goes by itself a day after its last reminder; until then its reminders are mailed to the test recipients.\n", s.checkout.ID, err)
		return exit{code: exitError}
	}
	fmt.Fprintln(s.out, "erased the test checkout; its other reminders are not mailed")
	return err
}
