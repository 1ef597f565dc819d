package cloudtasks

import (
	"math"
	"time"
)

// throttle is a queue's token bucket on virtual time, which holds one second's
// worth of tokens, and what slows it down while handlers are overloaded. The
// service says only that 429 and 503 make it "use a higher backoff rate" and that
// "Retry-After is considered". Here an answer of 429 or 503 with Retry-After stops
// the whole queue until then, an hour at most; one without halves its rate, once a
// second and six times at most; each ten seconds without take one halving back.
type throttle struct {
	tokens   float64
	filled   time.Time
	held     time.Time // nothing is dispatched before
	halvings int       // as of halved
	halved   time.Time
}

const (
	longestHold  = time.Hour
	halvingPause = time.Second
	maxHalvings  = 6
	recovery     = 10 * time.Second
)

// take takes a token for a dispatch now, and returns now. If there is none it
// returns the later time at which to ask again. A rate of 0 has no limit.
func (t *throttle) take(now time.Time, rate float64) time.Time {
	if t.held.After(now) {
		return t.held
	}
	if rate == 0 {
		return now
	}
	rate = math.Ldexp(rate, -t.slowedBy(now))
	t.tokens = min(t.tokens+rate*now.Sub(t.filled).Seconds(), max(rate, 1))
	t.filled = now
	const almost = 1 - 1e-6 // a refill is computed in floating point
	if t.tokens >= almost {
		t.tokens--
		return now
	}
	wait := time.Duration(math.Ceil((1-t.tokens)/rate*1e6)) * time.Microsecond
	return now.Add(wait)
}

// overloaded notes that a handler answered 429 or 503, and what its Retry-After
// said (0: nothing).
func (t *throttle) overloaded(now time.Time, retryAfter time.Duration) {
	if retryAfter > 0 {
		if until := now.Add(min(retryAfter, longestHold)); until.After(t.held) {
			t.held = until
		}
		return
	}
	if now.Sub(t.halved) >= halvingPause {
		t.halvings = min(t.slowedBy(now)+1, maxHalvings)
		t.halved = now
	}
}

// slowedBy is how many halvings are in force.
func (t *throttle) slowedBy(now time.Time) int {
	return max(t.halvings-int(now.Sub(t.halved)/recovery), 0)
}
