package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// probe is a request that a function refuses, and does nothing by: one without a
// signature, a key or a token.
type probe struct {
	name, path, method string
	refuses            []int
}

// probes are of all functions that the public calls.
var probes = []probe{
	{"checkout", "", http.MethodPost, []int{http.StatusUnauthorized}},
	{"order", "", http.MethodPost, []int{http.StatusUnauthorized}},
	{"privacy", "/erase", http.MethodPost, []int{http.StatusUnauthorized}},
	// Without a public key yet it says 503, which the line on events is about.
	{"sendgrid-events", "", http.MethodPost, []int{http.StatusUnauthorized, http.StatusServiceUnavailable}},
	{"shopify", "", http.MethodPost, []int{http.StatusUnauthorized}},
	{"woocommerce", "", http.MethodPost, []int{http.StatusUnauthorized}},
	{"recover", "/none", http.MethodGet, []int{http.StatusNotFound}},
	{"unsubscribe", "/none", http.MethodGet, []int{http.StatusNotFound}},
}

// probeTimeout is longer than a function's own deadline and the start of an instance.
const probeTimeout = 15 * time.Second

// examineFunctions looks whether the functions that the public calls are reached, and
// refuse who does not prove anything. Before the first apply there are none.
func (x *examination) examineFunctions(ctx context.Context) {
	findings := make([]finding, len(probes))
	var g errgroup.Group
	for i, p := range probes {
		g.Go(func() error {
			findings[i] = x.probe(ctx, p)
			return nil
		})
	}
	_ = g.Wait()
	good, absent := 0, 0
	for _, f := range findings {
		switch {
		case f.Mark == markOK:
			good++
		case f.Detail == notThere:
			absent++
		}
	}
	if absent == len(probes) {
		x.found("functions", doubt("not there yet, at %s", x.function("…")).advise("apply makes them"))
		return
	}
	for i, f := range findings {
		if f.Mark != markOK {
			f.Detail = x.function(probes[i].name) + " " + f.Detail
			x.found("function "+probes[i].name, f)
		}
	}
	if good > 0 {
		x.found("functions", fine("%d of %d at %s answer, and refuse who proves nothing", good, len(probes), x.function("…")))
	}
}

// function is a function's address by Google's name for it, which holds under a domain
// too.
func (x *examination) function(name string) string {
	host := x.functionsHost
	if host == "" {
		host = fmt.Sprintf("https://%s-%s.cloudfunctions.net", x.region, x.project)
	}
	return host + "/comeback-" + name
}

const notThere = "is not there"

// probe asks one function.
func (x *examination) probe(ctx context.Context, p probe) finding {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, p.method, x.function(p.name)+p.path, strings.NewReader("{}"))
	if err != nil {
		return bad("is no address: %v", err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return doubt("is not reached: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return doubt("broke off its answer: %v", err)
	}
	return p.judge(res, body)
}

// judge reads an answer.
func (p probe) judge(res *http.Response, body []byte) finding {
	ours := isOurAnswer(res, body)
	for _, status := range p.refuses {
		if ours && res.StatusCode == status {
			return fine("answers")
		}
	}
	switch status := res.StatusCode; {
	case !ours && status == http.StatusNotFound:
		return doubt(notThere).advise("is the region right? apply makes it")
	case !ours && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return bad("is not public: Google answers %d before it", status).
			advise("public = [] keeps out webhooks and the links in mails too: see docs/deploy.md, “Where allUsers is refused”")
	case status < 400:
		return bad("answers %d to a request that proves nothing", status).advise("look what is deployed there")
	}
	return doubt("answers %d, want %d", res.StatusCode, p.refuses[0]).
		advise("its log says more: gcloud functions logs read comeback-%s --gen2", p.name)
}

// isOurAnswer says whether an answer is of the function itself: an error in JSON, or one
// of its pages.
func isOurAnswer(res *http.Response, body []byte) bool {
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	page := strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && res.Header.Get("Content-Security-Policy") != ""
	return page || json.Unmarshal(body, &e) == nil && e.Error.Code != ""
}
