// Package sendgridmail hands mail to Twilio SendGrid's v3 API. It implements
// [recovery.Mailer].
package sendgridmail

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// The hosts of SendGrid's regions. A key works in its own region only.
const (
	GlobalHost = "https://api.sendgrid.com"
	EUHost     = "https://api.eu.sendgrid.com"
)

// Account is how one store sends.
type Account struct {
	Key  string
	Host string // with its scheme; "" means GlobalHost
}

// Mailer hands mail to SendGrid. Its methods may be called side by side.
type Mailer struct {
	accounts map[string]Account
	now      func() time.Time
	client   rest.Client
}

var _ recovery.Mailer = (*Mailer)(nil)

// New makes a Mailer for the accounts, by store. now tells the time against which
// SendGrid's "try again at" is taken.
func New(accounts map[string]Account, now func() time.Time) *Mailer {
	return &Mailer{accounts: accounts, now: now, client: rest.Client{HTTPClient: newHTTPClient()}}
}

// idleConnections is how many connections wait for the next mail: as many as a
// function instance may have requests at once.
const idleConnections = 128

// idleTime is how long a connection may rest. One that SendGrid closes while a mail is
// being written leaves that mail's outcome unknown, and an instance without a request
// in hand does not see the closing; a handshake more costs less.
const idleTime = 5 * time.Second

// newHTTPClient makes a client that sends each request once. sendgrid-go's own is
// shared between all its users, follows redirects and keeps two connections.
//
// Over HTTP/1.1 a connection carries one mail at a time, so that its failure puts
// one outcome in doubt and not a hundred. net/http repeats a POST on another
// connection only if it wrote nothing on the first.
func newHTTPClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, idleConnections
	t.IdleConnTimeout = idleTime
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Send hands m over once; it never repeats a request. ctx's deadline is the only
// one. The error is a *[recovery.SendError].
func (s *Mailer) Send(ctx context.Context, m recovery.Mail) (id string, err error) {
	account, ok := s.accounts[m.Store]
	if !ok {
		return "", &recovery.SendError{Kind: recovery.ErrDeployment, Detail: fmt.Sprintf("store %q has no SendGrid account", m.Store)}
	}
	if strings.ContainsFunc(account.Key, breaksLine) {
		return "", &recovery.SendError{Kind: recovery.ErrDeployment, Detail: "the SendGrid API key has a line break or control character in it"}
	}
	if err := checkAddresses(m); err != nil {
		return "", &recovery.SendError{Kind: recovery.ErrRejected, Detail: err.Error()}
	}
	request := sendgrid.GetRequest(account.Key, "/v3/mail/send", account.Host)
	request.Method = rest.Post
	request.Body = mail.GetRequestBody(build(m))
	req, err := rest.BuildRequestObject(request)
	if err != nil {
		return "", &recovery.SendError{Kind: recovery.ErrDeployment, Detail: "the SendGrid host is no URL"}
	}

	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	res, err := s.client.MakeRequest(req.WithContext(ctx))
	if err != nil {
		return "", lost(err, connected.Load())
	}
	// The status has come, and it alone counts: should the body break off, what
	// was read of it does.
	response, _ := rest.BuildResponse(res)
	if sendErr := s.judge(response); sendErr != nil {
		return "", sendErr
	}
	return res.Header.Get("X-Message-Id"), nil
}
