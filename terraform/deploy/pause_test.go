package main

import (
	"testing"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// TestPauseByName runs where there is no Terraform, no state and no repository.
func TestPauseByName(t *testing.T) {
	t.Parallel()
	const a, b = "projects/my-shop-123/locations/us-central1/queues/comeback-aaaaaa", "projects/my-shop-123/locations/us-central1/queues/comeback-bbbbbb"
	s := newStage(t, "")
	s.google.PutQueue(a)
	s.google.PutQueue(b)
	if got := s.status(t, "pause", "-dir", "/nowhere", "-queue", a, "-queue", b); got != exitDone {
		t.Errorf("got status %d, want %d", got, exitDone)
	}
	for _, queue := range []string{a, b} {
		s.wantSaid(t, "paused  "+queue)
		if got := s.google.QueueState(queue); got != cloud.QueuePaused {
			t.Errorf("got %s, want it paused", got)
		}
	}
	s.wantSaid(t, "No reminder goes out until deploy resume")
	if got := s.status(t, "resume", "-queue", a); got != exitDone || s.google.QueueState(a) != cloud.QueueRunning || s.google.QueueState(b) != cloud.QueuePaused {
		t.Errorf("got status %d, %s and %s, want only the first to run", got, s.google.QueueState(a), s.google.QueueState(b))
	}
	s.wantSaid(t, "later than their store's max_late end as stale")
}

// TestPauseGoesOn pauses what can be paused whatever happens to another queue.
func TestPauseGoesOn(t *testing.T) {
	t.Parallel()
	const there, gone = "projects/my-shop-123/locations/us-central1/queues/there", "projects/my-shop-123/locations/us-central1/queues/gone"
	s := newStage(t, "")
	s.google.PutQueue(there)
	if got := s.status(t, "pause", "-queue", "there", "-queue", gone, "-queue", there); got != exitError {
		t.Errorf("got status %d, want %d", got, exitError)
	}
	if s.google.QueueState(there) != cloud.QueuePaused {
		t.Error("an error of one queue kept another one running")
	}
	s.wantSaid(t, `queue "there": want a full name`, "pause queue "+gone+": not found")
	s.wantUnsaid(t, "No reminder goes out")
}
