package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Cart text is an attacker's: it appears as text, and cannot add a header.
func TestCartTextIsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sampleBody(t, "checkout.json", body{
		"customer": body{"first_name": "Ana\r\nBcc: victim@example.org", "last_name": "<b>Lima</b>\n"},
		"items": []body{{
			"title": `<script>alert(1)</script><img src=x onerror=alert(2)>`, "variant": `"><a href="https://evil.example.net">`, "quantity": 1,
		}},
	}))
	w.advance(30 * time.Minute)
	w.wantMails(ana)
	m := w.mails()[0]
	for _, raw := range []string{"<script", "<img src=x", `href="https://evil`, "<b>Lima"} {
		if strings.Contains(m.HTML, raw) {
			t.Errorf("the mail holds %q as markup", raw)
		}
	}
	if !strings.Contains(m.HTML, "&lt;script&gt;") {
		t.Error("the title is missing from the mail")
	}
	for name, value := range m.Headers {
		if strings.EqualFold(name, "Bcc") || strings.ContainsAny(name+value, "\r\n") {
			t.Errorf("header %q: %q", name, value)
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("subject %q", m.Subject)
	}
}

// Custom arguments stay with the mail service for long, so they hold hashes only.
// Promise 9.
func TestCustomArgsAreHashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(30 * time.Minute)
	m := w.mails()[0]
	c := w.stored("chk_7f3a91")
	if got, want := m.CustomArgs["message_id"], "default."+c.Key+"-1-0"; got != want || len(m.CustomArgs) != 1 {
		t.Errorf("got %v, want message_id %q alone", m.CustomArgs, want)
	}
}
