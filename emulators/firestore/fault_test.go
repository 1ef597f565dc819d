package firestore_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

func (e *emulator) fail(t *testing.T, f firestore.Fault) {
	t.Helper()
	if err := e.SetFault(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaults(t *testing.T) {
	inBubble(t, func(t *testing.T, e *emulator) {
		ctx := t.Context()
		isThere := func(path string) bool {
			t.Helper()
			e.Heal()
			return len(must[map[string]*pb.Document](t)(e.get(ctx, nil, path))) > 0
		}

		e.fail(t, firestore.Fault{Mode: "unavailable"})
		wantCode(t, e.commit(ctx, nil, set("c/unavailable", 1)), codes.Unavailable)
		_, err := e.get(ctx, nil, "c/unavailable")
		wantCode(t, err, codes.Unavailable)
		if isThere("c/unavailable") {
			t.Error("unavailable: the write was done")
		}

		e.fail(t, firestore.Fault{Mode: "timeout"})
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		began := time.Now()
		wantCode(t, e.commit(short, nil, set("c/timeout", 1)), codes.DeadlineExceeded)
		if took := time.Since(began); took < 3*time.Second {
			t.Errorf("timeout: answered after %s, want the caller's 3s", took)
		}
		if isThere("c/timeout") {
			t.Error("timeout: the write was done")
		}

		e.fail(t, firestore.Fault{Mode: "slow", Latency: 5 * time.Second})
		began = time.Now()
		wantCode(t, e.commit(ctx, nil, set("c/slow", 1)), codes.OK)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("slow: took %s, want 5s", took)
		}

		e.fail(t, firestore.Fault{Mode: "accept_then_drop"})
		wantCode(t, e.commit(ctx, nil, set("c/dropped", 1)), codes.Unavailable)
		_, err = e.raw.BatchWrite(ctx, &pb.BatchWriteRequest{Database: dbName, Writes: []*pb.Write{set("c/batch", 1)}})
		wantCode(t, err, codes.Unavailable)
		if found, err := e.get(ctx, nil, "c/dropped", "c/batch"); err != nil || len(found) != 2 {
			t.Errorf("accept_then_drop: found %v, %v; want both writes done and reads to pass", found, err)
		}
		e.Heal()
		wantCode(t, e.commit(ctx, nil, set("c/healed", 1)), codes.OK)
	})
}

func TestFaultsHitTheirShare(t *testing.T) {
	t.Parallel()
	failures := func(seed uint64) (n int) {
		e := start(t, firestore.Options{Seed: seed})
		e.fail(t, firestore.Fault{Mode: "unavailable", Rate: 0.3})
		for range 200 {
			if e.commit(t.Context(), nil, set("c/d", 1)) != nil {
				n++
			}
		}
		return n
	}
	if a, again := failures(1), failures(1); a != again || a < 30 || a > 90 {
		t.Errorf("%d and %d of 200 failed, want the same number near 60", a, again)
	}
}

func TestRefusedFaults(t *testing.T) {
	t.Parallel()
	e := start(t, firestore.Options{})
	for _, f := range []firestore.Fault{{}, {Mode: "duplicate"}, {Mode: "slow", Rate: 1.1}, {Mode: "slow", Rate: -1}, {Mode: "slow", Latency: -1}} {
		if err := e.SetFault(f); err == nil {
			t.Errorf("accepted %+v", f)
		}
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := start(t, firestore.Options{Latency: 20 * time.Millisecond})
		began := time.Now()
		wantCode(t, e.commit(t.Context(), nil, set("c/d", 1)), codes.OK)
		must[map[string]*pb.Document](t)(e.get(t.Context(), nil, "c/d", "c/e"))
		if took := time.Since(began); took != 40*time.Millisecond {
			t.Errorf("a commit and a stream took %s, want 20ms each", took)
		}
	})
}
