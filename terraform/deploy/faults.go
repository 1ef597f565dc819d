package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// faults is an error of Terraform's, in its own words, with advice.
type faults struct {
	what string
	list []diagnostic
}

func failure(what string, list []diagnostic) error { return &faults{what: what, list: list} }

// shownFaults is how many are told in full: the first ones are what the others are
// about, mostly.
const shownFaults = 5

func (f *faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", f.what)
	for i, d := range f.list {
		if i == shownFaults {
			fmt.Fprintf(&b, "\n  and %d more", len(f.list)-i)
			break
		}
		fmt.Fprintf(&b, "\n  %s", indent(strings.TrimSpace(d.Summary)))
		if d.Address != "" {
			fmt.Fprintf(&b, "\n    %s", d.Address)
		}
		if detail := strings.TrimSpace(d.Detail); detail != "" {
			fmt.Fprintf(&b, "\n    %s", indent(indent(shorten(detail))))
		}
	}
	for _, advice := range f.advice() {
		fmt.Fprintf(&b, "\n%s", advice)
	}
	return b.String()
}

// firstFault is the summary of what an error began with.
func firstFault(err error) string {
	var f *faults
	if errors.As(err, &f) && len(f.list) > 0 {
		return f.list[0].Summary
	}
	return err.Error()
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

// shorten keeps an answer of Google's, which may run to pages, to its beginning.
func shorten(s string) string {
	const most = 600
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " …"
	}
	return s
}

// advice is what to do about what is known, each thing once.
func (f *faults) advice() []string {
	var all []string
	for _, d := range f.list {
		for _, k := range knownFaults {
			if k.sign.MatchString(d.text()) {
				if !slices.Contains(all, k.say) {
					all = append(all, k.say)
				}
				break
			}
		}
	}
	return all
}

// passes says whether every error is one that goes away by itself: Google's parts
// learn of a fresh API, account or grant one after the other. granted says that this
// run has made some; without, a permission is simply lacking.
func (f *faults) passes(granted bool) bool {
	return len(f.list) > 0 && !slices.ContainsFunc(f.list, func(d diagnostic) bool {
		text := d.text()
		return !fresh.MatchString(text) && !(granted && freshGrant.MatchString(text))
	})
}

func anyOf(signs ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.Join(signs, "|"))
}

var (
	fresh = anyOf(
		`has not been used in project .* before or it is disabled`,
		`SERVICE_DISABLED`,
		`accessNotConfigured`,
		`Cannot find metric that matches type`, // an alert's, a moment after the metric
		`service agents? (are|is) being provisioned`,
	)
	freshGrant = anyOf(
		`Permission ['"\x60][\w.]+['"\x60] denied on`,
		`Permission denied on`,
		`PERMISSION_DENIED`,
		`does not have (the )?(required )?permission`,
		`does not have [\w.]+ access`,
		`(caller|principal|identity|service account|agent)[^.]* lacks`,
		`service account .* (does not exist|was not found|not found)`,
		`service agent`,
		`You must grant .* permission to`, // a build's own account
		`Ensure that the Cloud Functions service account has`,
	)
)

// known is an error with what to do about it.
type known struct {
	sign *regexp.Regexp
	say  string
}

var knownFaults = []known{
	{
		anyOf(`existed too recently`),
		"A deleted queue's name is blocked for about 7 days. Apply again with -var queue_suffix=b, or another suffix that was not used yet.",
	},
	{
		anyOf(`BILLING_DISABLED`, `billing (account|must be|is (not|disabled))`, `requires billing`),
		"Link a billing account to the project; deploy doctor checks for it.",
	},
	{
		anyOf(`allowedPolicyMemberDomains`, `permitted customer`, `domain restricted sharing`),
		`The organisation refuses allUsers. Ask its administrator for an exception for this project, or apply with -var 'public=[]' and put something with an identity in front; docs/deploy.md tells more.`,
	},
	{
		anyOf(`gcp\.resourceLocations`, `location violates`, `resource location`),
		"The organisation allows other regions only: choose one with -region. deploy doctor shows which.",
	},
	{
		anyOf(`state lock`, `Error acquiring`),
		"Somebody else's run holds the state, or one was killed. Wait for it; if there is none, terraform force-unlock with the ID above.",
	},
	{
		anyOf(`versions/[\w]+ was not found`, `secret .* (not found|was not found)`),
		"A secret has no version that is enabled: run deploy apply again, which gives it one, or add one with gcloud secrets versions add.",
	},
	{
		anyOf(`could not find default credentials`, `invalid_grant`, `invalid_rapt`, `reauth`, `oauth2: cannot fetch token`),
		"Sign in anew: gcloud auth application-default login.",
	},
	{
		anyOf(`No value for required variable`),
		"Give it by its flag (-project, -config, -alert-email), by -var, or in terraform.tfvars.",
	},
	{
		anyOf(`undeclared variable`),
		"The root module in -dir has no such variable: set the value in its own files instead.",
	},
	{
		anyOf(`Failed to query available provider packages`, `could not connect to registry`, `failed to install provider`),
		"Terraform could not download its providers: is the network there? terraform providers mirror makes a copy for machines without one.",
	},
	{
		anyOf(`Error 409.*already exists`, `alreadyExists`, `ALREADY_EXISTS`),
		"Something of that name is there and not in Terraform's state. If it is Comeback's, terraform import takes it over; else delete it or use another project.",
	},
	{
		anyOf(`Max instances must be set to`, `maxScale may not exceed`),
		"The project's quota of CPUs in the region is too small for the functions' instances. Ask for more at https://console.cloud.google.com/iam-admin/quotas, or set fewer: -var 'functions={Remind={max_instances=10}}' and the like for Checkout and Order.",
	},
	{
		anyOf(`quota`, `RESOURCE_EXHAUSTED`, `rateLimitExceeded`),
		"A quota is used up: see https://console.cloud.google.com/iam-admin/quotas, or try again later.",
	},
	{
		anyOf(`Build failed`, `build .* failed`),
		"The functions' build failed; the address above shows its log. Fixed, apply again.",
	},
	{
		anyOf(`has not been used in project .* before or it is disabled`, `SERVICE_DISABLED`, `accessNotConfigured`),
		"An API is still off. Wait some minutes and apply again; deploy doctor shows which APIs are on.",
	},
	{
		anyOf(`Error 403`, `PERMISSION_DENIED`, `Permission .* denied`, `does not have .*permission`),
		"The account that you use lacks a permission. docs/deploy.md lists the roles that deploying takes.",
	},
}
