package firestore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	fs "cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

const ttl = `{"fieldOverrides": [{"collectionGroup": "c", "fieldPath": "expires_at", "ttl": true, "indexes": []}]}`

// left are the documents of c, by ID.
func (e *emulator) left(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, d := range must[[]*fs.DocumentSnapshot](t)(e.client.CollectionGroup("c").Documents(t.Context()).GetAll()) {
		found = append(found, d.Ref.ID)
	}
	return found
}

func TestExpiredDocumentsAreDeleted(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{Indexes: [][]byte{[]byte(ttl)}, TTLDelay: time.Hour}), t.Context()
	now := e.clock.Now()
	for id, v := range map[string]any{
		"soon": now.Add(time.Hour), "later": now.Add(48 * time.Hour), "moved": now.Add(time.Hour), "stopped": now.Add(time.Hour),
		"no-time": "2020-01-01", "without": nil,
	} {
		must[*fs.WriteResult](t)(e.client.Doc("c/"+id).Set(ctx, map[string]any{"expires_at": v}))
	}
	must[*fs.WriteResult](t)(e.client.Doc("c/soon/c/below").Set(ctx, map[string]any{"n": 1}))
	must[*fs.WriteResult](t)(e.client.Doc("c/moved").Set(ctx, map[string]any{"expires_at": now.Add(48 * time.Hour)}))
	must[*fs.WriteResult](t)(e.client.Doc("c/stopped").Update(ctx, []fs.Update{{Path: "expires_at", Value: fs.Delete}}))
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{
		{2 * time.Hour, []string{"later", "moved", "no-time", "soon", "below", "stopped", "without"}}, // expired, and still to be read
		{2*time.Hour + 2*time.Minute, []string{"later", "moved", "no-time", "below", "stopped", "without"}},
		{50 * time.Hour, []string{"no-time", "below", "stopped", "without"}},
	} {
		if err := e.clock.Advance(ctx, now.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		if got := e.left(t); !slices.Equal(got, step.want) {
			t.Errorf("after %s: got %v, want %v", step.after, got, step.want)
		}
	}
}

func TestManyExpireInOneAdvance(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, firestore.Options{Indexes: [][]byte{[]byte(ttl)}}), t.Context()
	now := e.clock.Now()
	b := e.client.BulkWriter(ctx)
	for i := range 1000 {
		must[*fs.BulkWriterJob](t)(b.Set(e.client.Doc(fmt.Sprintf("c/%d", i)), map[string]any{"expires_at": now.Add(time.Duration(i) * time.Second)}))
	}
	b.End()
	before := e.Revision()
	if err := e.clock.Advance(ctx, now.Add(72*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := e.left(t); len(got) > 0 {
		t.Errorf("%d documents are left, want none", len(got))
	}
	if got := e.Revision() - before; got != 1000 {
		t.Errorf("%d commits, want 1000", got)
	}
}
