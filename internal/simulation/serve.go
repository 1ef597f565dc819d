package simulation

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"time"
)

// call is a request to one of the functions.
type call struct {
	path          string
	token         string
	header, value string // one more
	more          [2]string
	body          []byte
	dispatch      *dispatch
}

// reply is what came back; status 0: nothing, the process died.
type reply struct {
	status int
	body   []byte
}

// recorder is an http.ResponseWriter.
type recorder struct {
	header http.Header
	answer reply
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.answer.status = status }

func (r *recorder) Write(b []byte) (int, error) {
	r.answer.body = append(r.answer.body, b...)
	return len(b), nil
}

// handlerTime is how long a function may work before its caller has gone.
const handlerTime = 29 * time.Second

// serve lets the instance answer a call.
func (w *world) serve(inst *instance, dice dice, checkout string, c call, then func(reply)) {
	rec := &recorder{header: make(http.Header, 4)}
	header := http.Header{"Authorization": {c.token}, "Content-Type": {"application/json"}}
	if c.header != "" {
		header[c.header] = []string{c.value}
	}
	if c.more[0] != "" {
		header[c.more[0]] = []string{c.more[1]}
	}
	req := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: c.path}, Header: header,
		Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body)),
	}
	r := &run{instance: inst, dice: dice, checkout: checkout, deadline: w.now + handlerTime, dispatch: c.dispatch}
	r.finished = func(dead bool) {
		if dead {
			then(reply{})
			return
		}
		then(rec.answer)
	}
	w.start(r, func() {
		w.boundary()
		inst.handler.ServeHTTP(rec, req)
		w.boundary()
	})
}
