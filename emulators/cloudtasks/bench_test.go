package cloudtasks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"golang.org/x/sync/errgroup"
)

// BenchmarkDispatch10000 dispatches 10,000 tasks that are due at one instant,
// the queue's limits lifted, over real sockets to a handler that answers at
// once, each outcome kept on disk. last-ms is how late the last one arrived.
func BenchmarkDispatch10000(b *testing.B) {
	const tasks = 10_000
	for range b.N {
		b.StopTimer()
		e := start(b, cloudtasks.Options{Unlimited: true, Path: filepath.Join(b.TempDir(), "tasks.db")})
		due := e.clock.Now().Add(time.Hour)
		var calls, early, latest atomic.Int64
		target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			late := e.clock.Now().Sub(due)
			if late < 0 {
				early.Add(1)
			}
			for old := latest.Load(); int64(late) > old && !latest.CompareAndSwap(old, int64(late)); old = latest.Load() {
			}
			calls.Add(1)
		}))
		var creates errgroup.Group
		creates.SetLimit(64)
		for i := range tasks {
			creates.Go(func() error {
				_, err := e.create(b, target.URL, at(fmt.Sprint("task-", i), due))
				return err
			})
		}
		if err := creates.Wait(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := e.clock.Advance(b.Context(), due); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if calls.Load() != tasks || early.Load() != 0 {
			b.Fatalf("got %d calls, %d of them early, want %d and none", calls.Load(), early.Load(), tasks)
		}
		b.ReportMetric(float64(latest.Load())/1e6, "last-ms")
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		target.Close()
	}
}
