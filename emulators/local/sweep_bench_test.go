package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// overdueCheckouts is how many checkouts BenchmarkSweep leaves without their tasks.
const overdueCheckouts = 1000

// BenchmarkSweep reports what a sweep of 1,000 overdue reminders costs, in round trips
// for each checkout, while those that it enqueues run.
func BenchmarkSweep(b *testing.B) {
	s, h := benchmarkWorld(b)
	round := 0
	for b.Loop() {
		b.StopTimer()
		round++
		loseTasks(b, s, h, round)
		b.StartTimer()
		result, err := s.App.Service.Sweep(b.Context())
		if err != nil || result.Checkouts < overdueCheckouts || result.Enqueued < overdueCheckouts {
			b.Fatalf("swept %+v, %v; want %d checkouts and a task of each", result, err, overdueCheckouts)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(roundTrip)/overdueCheckouts, "round-trips/checkout")
}

// loseTasks records checkouts, whose first reminders are overdue then.
func loseTasks(b *testing.B, s *System, h http.Handler, round int) {
	b.Helper()
	var wg sync.WaitGroup
	free := make(chan struct{}, 50)
	for n := range overdueCheckouts {
		free <- struct{}{}
		wg.Go(func() {
			send(b, h, http.StatusCreated, checkoutPath, fmt.Sprintf(`{"checkout_id":"c%d-%d","email":"s%d-%d@example.net"}`, round, n, round, n))
			<-free
		})
	}
	wg.Wait()
	if _, err := s.Tasks.Purge(""); err != nil {
		b.Fatal(err)
	}
	if err := s.Clock.Advance(b.Context(), s.Clock.Now().Add(31*time.Minute)); err != nil {
		b.Fatal(err)
	}
}
