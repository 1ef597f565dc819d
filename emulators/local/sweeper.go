package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// sweeper calls Sweep at each minute of the virtual clock, as Cloud Scheduler does.
type sweeper struct {
	s      *System
	client *http.Client

	mu       sync.Mutex
	revision uint64    // of the data when it was last looked at
	next     time.Time // when a checkout next wants to be looked at, by that data
	lookFrom time.Time // no look before it, while a fault is set
	health   Health
}

func newSweeper(s *System) *sweeper {
	w := &sweeper{s: s, client: &http.Client{Timeout: 30 * time.Second}}
	s.sweeper = w
	return w
}

// start arms the next minute.
func (w *sweeper) start() {
	next := w.s.Clock.Now().Truncate(time.Minute).Add(time.Minute)
	w.s.Clock.AfterFunc(next, func() {
		w.start()
		began := time.Now()
		switch nothing, err := w.idle(next); {
		case err != nil:
			w.note(0, sweepResult{}, err, time.Since(began))
		case nothing:
			w.leaveOut(next)
		default:
			status, result, err := w.call()
			w.note(status, result, err, time.Since(began))
		}
	})
}

// While a fault is set, a look ends after so much real time, and a sweep that failed
// only after so much is not tried again for so much virtual time: an outage may be
// advanced over for days, and must not cost a deadline for each minute. Without a fault
// it is the machine that is slow, which changes nothing.
const (
	brokenLook  = time.Second
	slowFailure = time.Second / 2
	lookAgain   = 5 * time.Minute
)

// wholeLook is how long a look may take else, in real time.
const wholeLook = 30 * time.Second

// broken says whether a fault is set.
func (w *sweeper) broken() bool { return w.s.faults.Load() > 0 }

// pausing says whether a sweep at now is too soon after one that failed slowly.
func (w *sweeper) pausing(now time.Time) bool { return w.broken() && now.Before(w.lookFrom) }

// idle says whether a sweep at now would find nothing: the data are those of the
// last look, and nothing in them was due by now. An advance over a month passes
// 43,200 minutes, and this keeps all but a few from costing a request. Where
// Firestore is not ours to look into, no minute is left out.
func (w *sweeper) idle(now time.Time) (bool, error) {
	if w.s.Firestore == nil {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if revision := w.s.Firestore.Revision(); !w.pausing(now) && (revision != w.revision || w.next.IsZero()) {
		if err := w.look(now, revision); err != nil {
			return false, err
		}
	}
	return now.Before(w.next) || w.pausing(now), nil
}

// look asks when a checkout next wants to be looked at.
func (w *sweeper) look(now time.Time, revision uint64) error {
	wait := wholeLook
	if w.broken() {
		wait = brokenLook
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	forever := now.AddDate(100, 0, 0)
	list, err := w.s.App.Service.DB.ToCheck(ctx, forever, nil, 1)
	if err != nil {
		return err
	}
	w.revision, w.next = revision, forever
	if len(list) > 0 {
		w.next = list[0].CheckAt
	}
	return nil
}

// sweepResult is what Sweep answers.
type sweepResult struct {
	Checkouts int   `json:"checkouts"`
	Enqueued  int   `json:"enqueued"`
	Pages     int   `json:"pages"`
	More      bool  `json:"more"`
	LagMS     int64 `json:"lag_ms"`
}

func (w *sweeper) call() (status int, result sweepResult, err error) {
	url := w.s.Config.Env.SweepURL
	token, err := w.s.Tasks.Token(w.s.Config.Env.SchedulerAccount, url)
	if err != nil {
		return 0, result, fmt.Errorf("sign the scheduler's token: %w", err)
	}
	req, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		return 0, result, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := w.client.Do(req)
	if err != nil {
		return 0, result, fmt.Errorf("sweep: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("sweep: %s", body)
	}
	if err == nil {
		err = json.Unmarshal(body, &result)
	}
	return res.StatusCode, result, err
}
