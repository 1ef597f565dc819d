package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// signedEvents are the headers of a webhook signed at the instant.
func signedEvents(t *testing.T, key *ecdsa.PrivateKey, at time.Time, events string) []string {
	t.Helper()
	timestamp := strconv.FormatInt(at.Unix(), 10)
	sum := sha256.Sum256([]byte(timestamp + events))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"Authorization", "", "X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature),
		"X-Twilio-Email-Event-Webhook-Timestamp", timestamp,
	}
}

// Events that SendGrid did not sign for the store, now, change nothing. See
// TestSendGridSignatures in package callerauth for odd signatures.
func TestAttacksByEvents(t *testing.T) {
	t.Parallel()
	second, public := eventsKey(t)
	stranger, _ := eventsKey(t)
	w := attacked(t, public)
	id := w.mails()[0].CustomArgs["message_id"]
	now := w.Clock.Now()
	event := func(id, email string) string {
		return fmt.Sprintf(`[{"event":"unsubscribe","email":%q,"timestamp":%d,"message_id":%q,"sg_message_id":"x.0"}]`, email, now.Unix(), id)
	}
	events := event(id, ana)
	good := signedEvents(t, second, now, events)
	change := func(name, value string) []string {
		headers := append([]string{}, good...)
		for i := range headers {
			if headers[i] == name {
				headers[i+1] = value
			}
		}
		return headers
	}
	const path, signature, timestamp = "/webhooks/sendgrid", "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
	w.refuse([]attack{
		{name: "not signed", path: path, body: events, headers: []string{"Authorization", ""}, want: 401},
		{name: "not signed, by a storefront", path: path, body: events, want: 401},
		{name: "a stranger's signature", path: path, body: events, headers: signedEvents(t, stranger, now, events), want: 401},
		{name: "another body's signature", path: path, body: event(id, "bo@example.net"), headers: good, want: 401},
		{name: "another instant's signature", path: path, body: events, headers: change(timestamp, strconv.FormatInt(now.Unix()+1, 10)), want: 401},
		{name: "a signature of two days ago", path: path, body: events, headers: signedEvents(t, second, now.Add(-49*time.Hour), events), want: 401},
		{name: "a signature of tomorrow", path: path, body: events, headers: signedEvents(t, second, now.Add(24*time.Hour), events), want: 401},
		{name: "no signature", path: path, body: events, headers: change(signature, ""), want: 401},
		{name: "an empty sequence", path: path, body: events, headers: change(signature, base64.StdEncoding.EncodeToString([]byte{0x30, 0})), want: 401},
		{name: "half a megabyte of signature", path: path, body: events, headers: change(signature, base64.StdEncoding.EncodeToString(make([]byte, 500<<10))), want: 401},
	})
	before := w.documents()
	for name, events := range map[string]string{
		"of another store":   events,
		"of a path":          event("second/checkouts/x/../../default."+id[len("default."):], ana),
		"of no message":      event("second.x-1-0", ana),
		"of a negative step": event("second."+recovery.CheckoutKey("second", "x")+"-1--1", ana),
	} {
		got := w.post(http.StatusOK, path, events, signedEvents(t, second, now, events)...)
		if got.Body["recorded"] != 0.0 || got.Body["ignored"] != 1.0 {
			t.Errorf("an event %s: got %s, want it ignored", name, got.Raw)
		}
	}
	if diff := cmp.Diff(before, w.documents()); diff != "" {
		t.Errorf("after events of others (-before +after):\n%s", diff)
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// A request that was heard on the way and is sent again changes nothing, even after
// the shopper's next steps; two days later it is refused.
func TestReplayedEvents(t *testing.T) {
	t.Parallel()
	key, public := eventsKey(t)
	w := attacked(t, public)
	second := []string{"Authorization", "Bearer second's"}
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"), second...)
	w.advance(40 * time.Minute)
	w.wantMails(ana, ana)
	id := w.mails()[1].CustomArgs["message_id"]
	at := w.Clock.Now()
	events := fmt.Sprintf(`[{"event":"delivered","email":%q,"timestamp":%d,"message_id":%q,"sg_message_id":"x.0"},{"event":"bounce","type":"bounce","email":%q,"timestamp":%d,"message_id":%q}]`,
		ana, at.Unix(), id, ana, at.Unix(), id)
	captured := signedEvents(t, key, at, events)
	w.post(http.StatusOK, "/webhooks/sendgrid", events, captured...)
	w.advance(24 * time.Hour)
	before := w.documents()
	for range 3 {
		w.post(http.StatusOK, "/webhooks/sendgrid", events, captured...)
	}
	if diff := cmp.Diff(before, w.documents()); diff != "" {
		t.Errorf("after the same events again (-before +after):\n%s", diff)
	}
	w.advance(25 * time.Hour)
	before = w.documents()
	w.post(http.StatusUnauthorized, "/webhooks/sendgrid", events, captured...)
	if diff := cmp.Diff(before, w.documents()); diff != "" {
		t.Errorf("after a refused request (-before +after):\n%s", diff)
	}
}

// documents are all documents of the collections, or else of those on shoppers and what
// was sent to them, but for when they expire.
func (w *world) documents(collections ...string) map[string]map[string]any {
	w.t.Helper()
	client, err := firestore.NewClientWithDatabase(w.t.Context(), w.Config.Env.Project, w.Config.Env.Database, option.WithEndpoint(w.Firestore.Addr().String()),
		option.WithoutAuthentication(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	all := map[string]map[string]any{}
	if collections == nil {
		collections = []string{"checkouts", "shoppers", "messages", "suppressions"}
	}
	for _, group := range collections {
		snaps, err := client.CollectionGroup(group).OrderBy(firestore.DocumentID, firestore.Asc).Documents(w.t.Context()).GetAll()
		if err != nil {
			w.t.Fatal(err)
		}
		for _, snap := range snaps {
			data := snap.Data()
			delete(data, "expires_at")
			all[snap.Ref.Path] = data
		}
	}
	return all
}
