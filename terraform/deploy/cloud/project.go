package cloud

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/api/serviceusage/v1"
)

// Project is what Resource Manager says of the project.
type Project struct {
	ID     string
	Number int64
	State  string // "ACTIVE", or the project is being deleted
}

// Project reads the project, which proves that the credentials work.
func (c *Client) Project(ctx context.Context) (p Project, err error) {
	err = c.call(ctx, "look at project "+c.project, func(ctx context.Context) error {
		answer, err := c.resource.Projects.Get(c.project).Context(ctx).Do()
		if err == nil {
			p = Project{ID: answer.ProjectId, Number: answer.ProjectNumber, State: answer.LifecycleState}
		}
		return err
	})
	return p, err
}

// BillingEnabled says whether the project has an account that pays.
func (c *Client) BillingEnabled(ctx context.Context) (enabled bool, err error) {
	err = c.call(ctx, "look at the billing of project "+c.project, func(ctx context.Context) error {
		info, err := c.billing.Projects.GetBillingInfo("projects/" + c.project).Context(ctx).Do()
		enabled = err == nil && info.BillingEnabled
		return err
	})
	return enabled, err
}

// EnabledAPIs are the APIs that are enabled, by names like run.googleapis.com.
func (c *Client) EnabledAPIs(ctx context.Context) (map[string]bool, error) {
	apis := map[string]bool{}
	err := c.call(ctx, "list the enabled APIs of project "+c.project, func(ctx context.Context) error {
		return c.usage.Services.List("projects/"+c.project).Filter("state:ENABLED").PageSize(200).
			Pages(ctx, func(page *serviceusage.ListServicesResponse) error {
				for _, s := range page.Services {
					apis[s.Name[strings.LastIndexByte(s.Name, '/')+1:]] = true
				}
				return nil
			})
	})
	return apis, err
}

// DatabaseExists says whether the project has a Firestore database of that name.
func (c *Client) DatabaseExists(ctx context.Context, name string) (bool, error) {
	err := c.call(ctx, "look for database "+name, func(ctx context.Context) error {
		_, err := c.database.Projects.Databases.Get("projects/" + c.project + "/databases/" + name).Context(ctx).Do()
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
