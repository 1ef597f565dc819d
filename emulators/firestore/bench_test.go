package firestore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	fs "cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

// BenchmarkCommit is one client's create of a small document, kept on disk.
func BenchmarkCommit(b *testing.B) {
	e := start(b, firestore.Options{Disk: openDisk(b, filepath.Join(b.TempDir(), "data.db"))})
	for i := range b.N {
		must[*fs.WriteResult](b)(e.client.Doc(fmt.Sprintf("c/%d", i)).Create(b.Context(), map[string]any{"n": i, "s": "text"}))
	}
}

// BenchmarkCommitParallel is the same by many goroutines at once.
func BenchmarkCommitParallel(b *testing.B) {
	e := start(b, firestore.Options{Disk: openDisk(b, filepath.Join(b.TempDir(), "data.db"))})
	docs := e.client.Collection("c")
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := docs.NewDoc().Create(b.Context(), map[string]any{"n": 1, "s": "text"}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkGet is one client's read of a document.
func BenchmarkGet(b *testing.B) {
	e := start(b, firestore.Options{})
	doc := e.client.Doc("c/d")
	must[*fs.WriteResult](b)(doc.Set(b.Context(), map[string]any{"n": 1}))
	for b.Loop() {
		must[*fs.DocumentSnapshot](b)(doc.Get(b.Context()))
	}
}

// BenchmarkDueQuery asks 20,000 documents for the few that are due, as a sweep does.
func BenchmarkDueQuery(b *testing.B) {
	e := start(b, firestore.Options{})
	w := e.client.BulkWriter(b.Context())
	for i := range 20_000 {
		must[*fs.BulkWriterJob](b)(w.Create(e.client.Doc(fmt.Sprintf("stores/s/checkouts/%d", i)), map[string]any{"shard": i % 16, "check_at": i}))
	}
	w.End()
	shards := make([]int, 16)
	for i := range shards {
		shards[i] = i
	}
	q := e.client.CollectionGroup("checkouts").Where("shard", "in", shards).Where("check_at", "<=", 9).Limit(100)
	for b.Loop() {
		if docs := must[[]*fs.DocumentSnapshot](b)(q.Documents(b.Context()).GetAll()); len(docs) != 10 {
			b.Fatalf("got %d documents, want 10", len(docs))
		}
	}
}
