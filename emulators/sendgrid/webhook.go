package sendgrid

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
)

const (
	eventsBucket = "sendgrid.events"

	// The service gathers events for up to 30 s or 768 kB. Ours waits shorter, so
	// that somebody who watches sees something.
	gather   = time.Second
	maxBatch = 768_000 // bytes

	// The service tries a refused batch "at increasing intervals" for 24 h; it
	// does not say which.
	firstRetry = 10 * time.Second // and twice as long each time
	retryFor   = 24 * time.Hour
	answerTime = 10 * time.Second // real time
)

// event is one entry of a webhook's array, kept on disk until its receiver has it.
type event struct {
	seq  uint64
	body []byte
}

func (e *event) put() disk.Op {
	return disk.Op{Bucket: eventsBucket, Key: seqKey(e.seq), Value: e.body}
}

// webhook holds the events that wait for the next batch.
type webhook struct {
	client *http.Client

	mu    sync.Mutex
	last  uint64
	open  []*event
	timer *clock.Timer // set while a flush is due
}

func (h *webhook) load(d *disk.DB) error {
	return d.Load(eventsBucket, func(key, value []byte) error {
		e := &event{seq: binary.BigEndian.Uint64(key), body: bytes.Clone(value)}
		h.last = e.seq
		h.open = append(h.open, e)
		return nil
	})
}

func (h *webhook) number(body []byte) *event {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	return &event{seq: h.last, body: body}
}

func (h *webhook) add(events []*event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = append(h.open, events...)
}

// flushLater sees to it that the waiting events go out within gather.
func (s *Server) flushLater() {
	h := &s.webhook
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.open) == 0 || h.timer != nil || s.options.EventsURL == "" {
		return
	}
	h.timer = s.clock.AfterFunc(s.clock.Now().Add(gather), s.flush)
}

// flush posts all waiting events, in batches of at most maxBatch bytes.
func (s *Server) flush() {
	h := &s.webhook
	h.mu.Lock()
	open := h.open
	h.open, h.timer = nil, nil
	h.mu.Unlock()
	for len(open) > 0 {
		n, size := 0, 0
		for n < len(open) && (n == 0 || size+len(open[n].body) <= maxBatch) {
			size += len(open[n].body) + len(separator)
			n++
		}
		_ = s.deliver(&batch{events: open[:n], first: s.clock.Now()}) // it is tried again by itself
		open = open[n:]
	}
}

// batch is one webhook request, tried until it is taken or too old.
type batch struct {
	events []*event
	first  time.Time // of the first attempt
	failed int       // attempts so far
}

// deliver posts the batch. Taken or given up, its events are forgotten; else
// they are tried again later. It says what came of this attempt.
func (s *Server) deliver(b *batch) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err() // the next start finds them on disk
	}
	err := s.post(b)
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case err == nil && s.faults.roll(true).Mode == FaultDuplicate:
		_ = s.post(b) // the receiver has it already
	}
	wait := firstRetry << b.failed
	b.failed++
	next := s.clock.Now().Add(wait)
	if err != nil && next.Sub(b.first) <= retryFor {
		s.options.Log.Warn("the receiver of events did not take them", "events", len(b.events), "attempt", b.failed, "again_in", wait, "error", err)
		s.clock.AfterFunc(next, func() { _ = s.deliver(b) })
		return fmt.Errorf("%w: %w; it is tried again in %s", ErrNotDelivered, err, wait)
	}
	if err != nil {
		s.options.Log.Error("events given up: nobody took them for 24 h", "events", len(b.events), "error", err)
	}
	ops := make([]disk.Op, len(b.events))
	for i, e := range b.events {
		ops[i] = disk.Op{Bucket: eventsBucket, Key: seqKey(e.seq)}
	}
	if err := s.disk.Write(ops...); err != nil {
		s.options.Log.Error("forgetting events that are done: they are sent again after a restart", "error", err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotDelivered, err)
	}
	return nil
}

// separator is what stands between two events; with it and the line break at the
// end a receiver that checks a re-encoded body instead of the raw one fails here
// as it does in production.
const separator = ",\r\n"

// post sends one signed request and wants a 2xx.
func (s *Server) post(b *batch) error {
	bodies := make([][]byte, len(b.events))
	for i, e := range b.events {
		bodies[i] = e.body
	}
	body := fmt.Appendf(nil, "[%s]\r\n", bytes.Join(bodies, []byte(separator)))
	timestamp := strconv.FormatInt(s.clock.Now().Unix(), 10)
	signature, err := sign(s.key, timestamp, body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, answerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.EventsURL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the events request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "SendGrid Event API")
	req.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", timestamp)
	req.Header.Set("X-Twilio-Email-Event-Webhook-Signature", signature)
	resp, err := s.webhook.client.Do(req)
	if err != nil {
		return fmt.Errorf("posting events: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("posting events: answered %s", resp.Status)
	}
	return nil
}

// newPoster follows no redirects, as the service does not, and minds no proxy.
func newPoster() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
