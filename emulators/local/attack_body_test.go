package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Bodies made to cost time or memory, or to mean two things. See TestBadInput for those
// that are merely wrong.
func TestAttacksByBodies(t *testing.T) {
	t.Parallel()
	w := attacked(t, "")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(bytes.Repeat([]byte(" "), 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	deep := func(open, inside, end string) string {
		return strings.Repeat(open, 100_000) + inside + strings.Repeat(end, 100_000)
	}
	below := func(s string) string { return `{"email":"a@b.example","x":` + s + `}` }
	w.refuse([]attack{
		{name: "100,000 arrays", body: deep("[", "", "]"), want: 400},
		{name: "100,000 arrays that do not end", body: deep("[", "", ""), want: 400},
		{name: "arrays below a field that nobody reads", body: below(deep("[", "", "]")), want: 400},
		{name: "objects below a field that nobody reads", body: below(strings.Repeat(`{"a":`, 40_000) + "1" + strings.Repeat("}", 40_000)), want: 400},
		{name: "arrays below items", body: `{"email":"a@b.example","items":` + deep("[", "", "]") + `}`, want: 400},
		{name: "a huge exponent", body: `{"email":"a@b.example","items":[{"quantity":1e1000000}]}`, want: 400, field: "items[0].quantity"},
		{name: "a huge number", body: `{"email":"a@b.example","items":[{"quantity":` + strings.Repeat("9", 200_000) + `}]}`, want: 400, field: "items[0].quantity"},
		{name: "a huge amount", body: `{"email":"a@b.example","currency":"EUR","total":"` + strings.Repeat("9", 200_000) + `"}`, want: 400, field: "total"},
		{name: "an amount with an exponent", body: `{"email":"a@b.example","currency":"EUR","total":"1e1000000"}`, want: 400, field: "total"},
		{name: "a huge locale", body: `{"email":"a@b.example","locale":"` + strings.Repeat("a-", 100_000) + `"}`, want: 400, field: "locale"},
		{name: "a path for a time zone", body: `{"email":"a@b.example","timezone":"../../../etc/passwd"}`, want: 400, field: "timezone"},
		{name: "100,000 items", body: `{"email":"a@b.example","items":[` + strings.Repeat("{},", 80_000) + `{}]}`, want: 400, field: "items"},
		{name: "256 KiB and a byte", body: ofSize(256<<10 + 1), want: 413},
		{name: "8 MiB", body: ofSize(8 << 20), want: 413},
		{name: "64 MiB in 64 KiB", body: bomb.String(), headers: []string{"Content-Encoding", "gzip"}, want: 415},
		{name: "the same, not said", body: bomb.String(), want: 400},
		{name: "another encoding beside the usual", body: bomb.String(), headers: []string{"Content-Encoding", "identity, gzip"}, want: 415},
		{name: "another character set", body: `{"email":"a@b.example"}`, headers: []string{"Content-Type", "application/json; charset=utf-7"}, want: 415},
		{name: "an event webhook's body without its signature", path: "/webhooks/sendgrid", body: deep("[", "", "]"), headers: []string{"Authorization", ""}, want: 401},
	})
	w.post(http.StatusCreated, checkoutPath, ofSize(256<<10))
}

// ofSize is a checkout's body of n bytes.
func ofSize(n int) string {
	const start, end = `{"email":"size@example.net","x":"`, `"}`
	return start + strings.Repeat("x", n-len(start)-len(end)) + end
}

// A field that is given twice has one meaning, the last, for every check and for what
// is stored; another case is another field.
func TestFieldsGivenTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, `{"checkout_id":"x","recover_url":"https://evil.example.net/","email":"first@example.net","checkout_id":"twice",
		"email":"last@example.net","Email":"other@example.net","recover_url":"https://shop.example.com/c"}`)
	if c := w.stored("twice"); c.Email != "last@example.net" || c.RecoverURL != "https://shop.example.com/c" {
		t.Errorf("got %q, %q; want the last of each", c.Email, c.RecoverURL)
	}
	w.advance(30 * time.Minute)
	w.wantMails("last@example.net")
}

// A locale that names a numbering system is taken, and its mail is written: the writer
// of amounts once looked for its digits without an end.
func TestLocaleOfOddNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, locale := range []string{"zh-u-nu-hanidec", "ar-u-nu-arabext", "en-u-nu-roman", "th-TH-u-nu-thai-x-private"} {
		w.post(http.StatusCreated, checkoutPath, toJSON(t, body{"email": fmt.Sprintf("n%d@example.net", i), "locale": locale, "currency": "EUR", "total": "1.50"}))
	}
	w.advance(30 * time.Minute)
	w.wantMails("n0@example.net", "n1@example.net", "n2@example.net", "n3@example.net")
}

// A body without an end is cut off at the limit, however long its caller goes on.
func TestEndlessBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, headers := range map[string]string{checkoutPath: "Authorization: Bearer local\r\n", "/webhooks/sendgrid": ""} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.FunctionsURL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		go func() { // until the server hangs up
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n", path, headers)
			chunk := fmt.Sprintf("%x\r\n%s\r\n", 32<<10, strings.Repeat(" ", 32<<10))
			for err := error(nil); err == nil; {
				_, err = io.WriteString(conn, chunk)
			}
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge || !res.Close {
			t.Errorf("%s: got %d, closing %v; want 413 and the end", path, res.StatusCode, res.Close)
		}
	}
	w.wantMails()
}

// slowly sends the head of a checkout and, until the connection ends, a byte of its
// body now and then.
func (w *world) slowly(every time.Duration) net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.FunctionsURL, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprint(conn, "POST /checkout HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer local\r\nContent-Length: 200000\r\n\r\n{")
	ticker := time.NewTicker(every)
	w.t.Cleanup(ticker.Stop)
	go func() {
		for err := error(nil); err == nil; _, err = conn.Write([]byte(" ")) {
			select {
			case <-ticker.C:
			case <-w.t.Context().Done():
				return
			}
		}
	}()
	return conn
}

// A body that comes byte by byte, each in good time, is cut off at the request's
// deadline all the same.
func TestDribbledBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.CallerDeadline = 100 * time.Millisecond })
	res, err := http.ReadResponse(bufio.NewReader(w.slowly(5*time.Millisecond)), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || !res.Close {
		t.Errorf("got %d, closing %v; want 503 and the end", res.StatusCode, res.Close)
	}
}

// Hundreds of callers who dribble do not keep others waiting.
func TestManySlowBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 200 {
		w.slowly(time.Second)
	}
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.post(http.StatusOK, orderPath, sample(t, "order.json"))
}
