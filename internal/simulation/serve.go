package simulation

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/url"
	"time"
)

// call is a request to one of the functions.
type call struct {
	method, path  string // method "": POST
	content       string // its type; "": JSON
	token         string
	header, value string // one more
	more, last    [2]string
	body          []byte
	dispatch      *dispatch
}

// reply is what came back; status 0: nothing, the process died.
type reply struct {
	status   int
	body     []byte
	location string // to which it leads
}

// exchange is a request and what answers it. Each thread uses its own again and again,
// since making them costs more than much of what they are made for.
type exchange struct {
	request http.Request
	url     url.URL
	body    bytes.Reader
	sent    http.Header
	values  [5]string // of sent
	header  http.Header
	answer  reply
}

// prepare makes the exchange one of the call.
func (x *exchange) prepare(c call) {
	if x.sent == nil {
		x.sent, x.header = http.Header{}, http.Header{}
	}
	clear(x.sent)
	clear(x.header)
	for i, h := range [...][2]string{{"Authorization", c.token}, {"Content-Type", cmp.Or(c.content, "application/json")}, {c.header, c.value}, c.more, c.last} {
		if h[0] != "" {
			x.values[i] = h[1]
			x.sent[h[0]] = x.values[i : i+1 : i+1]
		}
	}
	x.answer = reply{}
	x.url = url.URL{Path: c.path}
	x.body.Reset(c.body)
	x.request = http.Request{Method: cmp.Or(c.method, http.MethodPost), URL: &x.url, Header: x.sent, Body: io.NopCloser(&x.body), ContentLength: int64(len(c.body))}
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.answer.status = status; status == http.StatusFound {
		x.answer.location = x.header.Get("Location")
	}
}

// SetReadDeadline says that it may be set, as a real connection's may: a refusal costs
// each request an error with its text.
func (x *exchange) SetReadDeadline(time.Time) error { return nil }

func (x *exchange) Write(b []byte) (int, error) {
	x.answer.body = append(x.answer.body, b...)
	return len(b), nil
}

// handlerTime is how long a function may work before its caller has gone.
const handlerTime = 29 * time.Second

// serve lets the instance answer a call.
func (w *world) serve(inst *instance, dice dice, checkout string, c call, then func(reply)) {
	r := &run{instance: inst, dice: dice, checkout: checkout, deadline: w.now + handlerTime, dispatch: c.dispatch, finished: then}
	w.start(r, func() {
		w.boundary()
		r.prepare(c)
		inst.handler.ServeHTTP(&r.exchange, &r.request)
		w.boundary()
	})
}
