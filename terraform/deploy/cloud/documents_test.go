package cloud_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/comeback-checkout/comeback/emulators/clock"
	emulator "github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/terraform"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// documents is a database with the deployed indexes, and a Store on it.
type documents struct {
	*testing.T
	*cloud.Store
	client *firestore.Client
}

func openDocuments(t *testing.T) *documents {
	t.Helper()
	c := clock.New(0)
	t.Cleanup(c.Close)
	server, err := emulator.New(emulator.Options{Clock: c, Indexes: [][]byte{terraform.Indexes}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	addr, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := firestore.NewClientWithDatabase(t.Context(), project, "comeback", option.WithEndpoint(addr.String()),
		option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	store, err := cloud.OpenStore(t.Context(), project, "comeback", cloud.Options{
		Endpoints: map[string]string{cloud.Documents: addr.String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &documents{t, store, client}
}

func (d *documents) put(path string, fields map[string]any) {
	d.Helper()
	if _, err := d.client.Doc("stores/default/"+path).Set(d.Context(), fields); err != nil {
		d.Fatal(err)
	}
}

// wantThere checks which of the documents are there.
func (d *documents) wantThere(want bool, paths ...string) {
	d.Helper()
	for _, path := range paths {
		snap, _ := d.client.Doc("stores/default/" + path).Get(d.Context()) // not found is an answer
		if snap.Exists() != want {
			d.Errorf("%s is there: %v, want %v", path, snap.Exists(), want)
		}
	}
}

var sentAt = time.Date(2026, 11, 20, 18, 0, 0, 250_000_000, time.UTC)

// putTest puts a test checkout with its message and its shopper.
func (d *documents) putTest() {
	d.put("checkouts/c1", map[string]any{"test": true, "shopper": "s1", "t": sentAt, "reminders": map[string]any{
		"1-0": map[string]any{"due_at": sentAt.Add(-250 * time.Millisecond), "sent_at": sentAt, "state": "sent"},
		"1-1": map[string]any{"due_at": sentAt.Add(time.Hour), "state": "scheduled"},
	}})
	d.put("messages/c1-1-0", map[string]any{"email": "x@example.com"})
	d.put("messages/other-1-0", map[string]any{"email": "y@example.com"})
	d.put("shoppers/s1", map[string]any{"newest_t": sentAt.UnixMicro()})
}

func TestEraseTest(t *testing.T) {
	t.Parallel()
	d := openDocuments(t)
	d.putTest()
	c, err := d.Checkout(t.Context(), "default", "c1")
	if r := c.Reminders["1-0"]; err != nil || r.SentAt.Sub(r.DueAt) != 250*time.Millisecond {
		t.Errorf("got %v, %v, want a reminder 250 ms late", c, err)
	}
	for range 2 { // erasing again finds nothing, which is fine
		if err := d.EraseTest(t.Context(), "default", "c1"); err != nil {
			t.Fatal(err)
		}
		d.wantThere(false, "checkouts/c1", "messages/c1-1-0", "shoppers/s1")
		d.wantThere(true, "messages/other-1-0")
	}
	if _, err := d.Checkout(t.Context(), "default", "c1"); !errors.Is(err, cloud.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// A shopper of whom there is more than the test stays.
func TestEraseTestKeepsOthersShopper(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]func(*documents){
		"another checkout": func(d *documents) { d.put("checkouts/c2", map[string]any{"shopper": "s1", "t": sentAt}) },
		"an order":         func(d *documents) { d.put("shoppers/s1", map[string]any{"last_order": sentAt.UnixMicro()}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDocuments(t)
			d.putTest()
			more(d)
			if err := d.EraseTest(t.Context(), "default", "c1"); err != nil {
				t.Fatal(err)
			}
			d.wantThere(false, "checkouts/c1", "messages/c1-1-0")
			d.wantThere(true, "shoppers/s1")
		})
	}
}

// A shopper's real checkout is never erased by this.
func TestEraseTestRefusesAnyOther(t *testing.T) {
	t.Parallel()
	d := openDocuments(t)
	d.put("checkouts/c1", map[string]any{"shopper": "s1", "t": sentAt})
	if err := d.EraseTest(t.Context(), "default", "c1"); err == nil || !strings.Contains(err.Error(), "not a test checkout") {
		t.Errorf("got %v, want it refused", err)
	}
	d.wantThere(true, "checkouts/c1")
}
