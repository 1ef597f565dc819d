package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// policy reads an organisation policy; a finding if it cannot be read.
func (x *examination) policy(ctx context.Context, constraint string) (cloud.Policy, *finding) {
	p, err := x.cloud.OrgPolicy(ctx, constraint)
	if err == nil {
		return p, nil
	}
	f := doubt("not known: %v", err).advise("roles/orgpolicy.policyViewer lets you read it: ask the organisation's administrator whether %s restricts the project", constraint)
	return p, &f
}

// memberDomains looks whether the organisation lets the public call functions.
func (x *examination) memberDomains(ctx context.Context) finding {
	p, unknown := x.policy(ctx, cloud.MemberDomains)
	switch {
	case unknown != nil:
		return *unknown
	case p.Restricts():
		return doubt("the organisation refuses allUsers (%s), which lets a storefront and the links in mails reach the functions", cloud.MemberDomains).
			advise("have the project exempted, or apply with -var 'public=[]' and put a load balancer or gateway with an identity of its own in front")
	}
	return fine("allUsers, as the public functions need")
}

// locations looks whether the organisation lets anything be made in the region.
func (x *examination) locations(ctx context.Context) finding {
	p, unknown := x.policy(ctx, cloud.ResourceLocations)
	if unknown != nil {
		return *unknown
	}
	advice := "choose another -region, or have the project exempted"
	switch allowed, sure := permits(p, x.region); {
	case !sure:
		return doubt("the organisation restricts locations to %s, and it is not certain that %s is one", describe(p), x.region).advise("%s if apply is refused", advice)
	case !allowed:
		return bad("the organisation does not allow %s: %s", x.region, describe(p)).advise("%s", advice)
	}
	return fine("%s is allowed", x.region)
}

func describe(p cloud.Policy) string {
	switch {
	case p.DenyAll:
		return "none"
	case len(p.Denied) > 0 && len(p.Allowed) > 0:
		return fmt.Sprintf("%s without %s", strings.Join(p.Allowed, ", "), strings.Join(p.Denied, ", "))
	case len(p.Denied) > 0:
		return "all without " + strings.Join(p.Denied, ", ")
	}
	return strings.Join(p.Allowed, ", ")
}

// permits says whether a policy on locations allows a region, as far as that can be
// told from its values: a region, or a group of locations such as in:eu-locations.
func permits(p cloud.Policy, region string) (allowed, sure bool) {
	if !p.Restricts() {
		return true, true
	}
	if p.DenyAll {
		return false, true
	}
	denied, sureOfDenied := among(p.Denied, region)
	if denied {
		return false, true
	}
	if len(p.Allowed) == 0 {
		return true, sureOfDenied
	}
	allowed, sure = among(p.Allowed, region)
	return allowed, sureOfDenied && (sure || allowed)
}

// among says whether a region is one of a policy's values, and whether that is sure.
func among(values []string, region string) (found, sure bool) {
	continent, _, _ := strings.Cut(region, "-")
	sure = true
	for _, value := range values {
		value = strings.ToLower(strings.TrimPrefix(value, "is:"))
		group, isGroup := strings.CutSuffix(strings.TrimPrefix(value, "in:"), "-locations")
		switch {
		case value == region, isGroup && (group == region || group == continent):
			return true, true
		case isGroup && mayHold(group, continent):
			sure = false
		}
	}
	return false, sure
}

// partly are groups of locations that hold some regions of the continents, as their
// names begin.
var partly = map[string][]string{"eu": {"europe"}, "northamerica": {"us"}}

// whole are groups that hold the regions whose names begin like them, and no others.
var whole = []string{"africa", "asia", "australia", "europe", "me", "southamerica", "us"}

// mayHold says whether a group of locations may hold a region of the continent.
func mayHold(group, continent string) bool {
	if strings.ContainsAny(group, "0123456789") || slices.Contains(whole, group) {
		return false // another region's, or another continent's
	}
	holds, known := partly[group]
	return !known || slices.Contains(holds, continent)
}
