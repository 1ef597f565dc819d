// Package cloud asks and tells Google Cloud what Terraform cannot: whether a project
// is ready for a deployment, which secrets have values, and that the queues stop now.
// Each call has a deadline, and each error says what to do about it.
//
// It is the one part of deploy that knows Google's clients.
package cloud

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/cloudtasks/v2"
	"google.golang.org/api/firestore/v1"
	"google.golang.org/api/option"
	"google.golang.org/api/run/v2"
	"google.golang.org/api/secretmanager/v1"
	"google.golang.org/api/serviceusage/v1"
)

// The services, as Options.Endpoints names them; each is the name before
// .googleapis.com. Documents is Firestore's data over gRPC, a host and a port.
const (
	Billing         = "cloudbilling"
	Compute         = "compute"
	Documents       = "documents"
	Firestore       = "firestore"
	ResourceManager = "cloudresourcemanager"
	Run             = "run"
	SecretManager   = "secretmanager"
	ServiceUsage    = "serviceusage"
	Tasks           = "cloudtasks"
)

// Options replace what a Client takes from its surroundings; the zero value is
// Google Cloud, with the operator's credentials.
type Options struct {
	// Endpoints are other base URLs, by service.
	Endpoints map[string]string
	// HTTPClient is used as it is: no credentials are looked for.
	HTTPClient *http.Client
	// Lookup reads the environment; nil for the process's own.
	Lookup func(string) (string, bool)
	// Timeout bounds each call; 0: 20 s.
	Timeout time.Duration
}

// Client speaks for one project.
type Client struct {
	project   string
	timeout   time.Duration
	http      *http.Client
	endpoints map[string]string

	billing  *cloudbilling.APIService
	database *firestore.Service
	resource *cloudresourcemanager.Service
	run      *run.Service
	secrets  *secretmanager.Service
	usage    *serviceusage.Service
	tasks    *cloudtasks.Service
}

// New makes a Client with the credentials that Terraform's provider would use:
// GOOGLE_OAUTH_ACCESS_TOKEN, GOOGLE_CREDENTIALS, or the Application Default
// Credentials. Where there are none the error is ErrCredentials. It calls nobody.
func New(ctx context.Context, project string, o Options) (*Client, error) {
	c := &Client{project: project, timeout: cmp.Or(o.Timeout, 20*time.Second), http: o.HTTPClient, endpoints: o.Endpoints}
	if c.http == nil {
		var err error
		if c.http, err = authenticated(ctx, o.lookup()); err != nil {
			return nil, c.explain("look for credentials", err)
		}
	}
	if err := c.connect(ctx); err != nil {
		return nil, fmt.Errorf("make a client of Google Cloud: %w", err)
	}
	return c, nil
}

// connect makes the services' clients, which share one HTTP client.
func (c *Client) connect(ctx context.Context) (err error) {
	for _, open := range []func() error{
		func() (err error) { c.billing, err = cloudbilling.NewService(ctx, c.options(Billing)...); return err },
		func() (err error) { c.database, err = firestore.NewService(ctx, c.options(Firestore)...); return err },
		func() (err error) {
			c.resource, err = cloudresourcemanager.NewService(ctx, c.options(ResourceManager)...)
			return err
		},
		func() (err error) { c.run, err = run.NewService(ctx, c.options(Run)...); return err },
		func() (err error) {
			c.secrets, err = secretmanager.NewService(ctx, c.options(SecretManager)...)
			return err
		},
		func() (err error) {
			c.usage, err = serviceusage.NewService(ctx, c.options(ServiceUsage)...)
			return err
		},
		func() (err error) { c.tasks, err = cloudtasks.NewService(ctx, c.options(Tasks)...); return err },
	} {
		if err := open(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) options(service string) []option.ClientOption {
	options := []option.ClientOption{option.WithHTTPClient(c.http)}
	if endpoint := c.endpoints[service]; endpoint != "" {
		options = append(options, option.WithEndpoint(endpoint))
	}
	return options
}

// call runs one call within its deadline and explains its error.
func (c *Client) call(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.explain(what, do(ctx))
}
