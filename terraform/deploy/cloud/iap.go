package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"google.golang.org/api/googleapi"
)

// IAPAgent is the account by which the Identity-Aware Proxy calls the functions
// behind it, in the project of that number. Google makes it when it is first asked
// for, so that it may not exist yet.
func IAPAgent(projectNumber int64) string {
	return fmt.Sprintf("service-%d@gcp-sa-iap.iam.gserviceaccount.com", projectNumber)
}

// IAPBackends are the names of the load balancer's backends that have the
// Identity-Aware Proxy in front. A project without the compute API has none.
func (c *Client) IAPBackends(ctx context.Context) (names []string, err error) {
	err = c.call(ctx, "list the load balancer's backends", func(ctx context.Context) error {
		// Compute's own client is larger than all others together.
		base := cmp.Or(c.endpoints[Compute], "https://compute.googleapis.com/")
		var page struct {
			Items []struct {
				Name string `json:"name"`
				IAP  struct {
					Enabled bool `json:"enabled"`
				} `json:"iap"`
			} `json:"items"`
		}
		err := c.get(ctx, base+"compute/v1/projects/"+url.PathEscape(c.project)+"/global/backendServices?maxResults=500", &page)
		for _, b := range page.Items {
			if b.IAP.Enabled {
				names = append(names, b.Name)
			}
		}
		return err
	})
	if errors.Is(err, ErrDisabled) {
		return nil, nil
	}
	return names, err
}

// Invokers are the members that may call a Cloud Run service.
func (c *Client) Invokers(ctx context.Context, region, service string) (members []string, err error) {
	err = c.call(ctx, "read who may call "+service, func(ctx context.Context) error {
		name := "projects/" + c.project + "/locations/" + region + "/services/" + service
		policy, err := c.run.Projects.Locations.Services.GetIamPolicy(name).OptionsRequestedPolicyVersion(3).Context(ctx).Do()
		if err != nil {
			return err
		}
		for _, b := range policy.Bindings {
			if b.Role == "roles/run.invoker" && b.Condition == nil {
				members = append(members, b.Members...)
			}
		}
		return nil
	})
	return members, err
}

// get reads a JSON answer that no generated client of ours covers.
func (c *Client) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer googleapi.CloseBody(res)
	if err := googleapi.CheckResponse(res); err != nil {
		return err
	}
	return json.NewDecoder(res.Body).Decode(into)
}
