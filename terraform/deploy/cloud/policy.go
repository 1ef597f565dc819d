package cloud

import (
	"context"
	"slices"

	"google.golang.org/api/cloudresourcemanager/v1"
)

// The organisation policies that a deployment can run into.
const (
	// MemberDomains restricts who may be granted anything; where it is set, allUsers
	// is refused.
	MemberDomains = "constraints/iam.allowedPolicyMemberDomains"
	// ResourceLocations restricts where anything may be created.
	ResourceLocations = "constraints/gcp.resourceLocations"
)

// Policy is an organisation policy on a list of values, as it holds for the project.
type Policy struct {
	AllowAll, DenyAll bool
	Allowed, Denied   []string
}

// Restricts says whether the policy refuses anything at all.
func (p Policy) Restricts() bool {
	return !p.AllowAll && (p.DenyAll || len(p.Allowed)+len(p.Denied) > 0)
}

// OrgPolicy reads the policy on a constraint that is in effect in the project, what
// it inherits included. A project without a policy has one that restricts nothing.
// Managed constraints and conditions are not seen.
func (c *Client) OrgPolicy(ctx context.Context, constraint string) (p Policy, err error) {
	err = c.call(ctx, "read the organisation policy "+constraint, func(ctx context.Context) error {
		request := &cloudresourcemanager.GetEffectiveOrgPolicyRequest{Constraint: constraint}
		answer, err := c.resource.Projects.GetEffectiveOrgPolicy("projects/"+c.project, request).Context(ctx).Do()
		if err != nil || answer.ListPolicy == nil {
			return err
		}
		list := answer.ListPolicy
		p = Policy{
			AllowAll: list.AllValues == "ALLOW", DenyAll: list.AllValues == "DENY",
			Allowed: slices.Clone(list.AllowedValues), Denied: slices.Clone(list.DeniedValues),
		}
		return nil
	})
	return p, err
}
