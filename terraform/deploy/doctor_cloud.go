package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// enablers are the APIs by which Terraform enables the others: they cannot enable
// themselves.
var enablers = []string{"cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com"}

// needed are the APIs that Terraform enables, as services.tf lists them.
var needed = []string{
	"artifactregistry.googleapis.com",
	"cloudbuild.googleapis.com",
	"cloudfunctions.googleapis.com",
	"cloudscheduler.googleapis.com",
	"cloudtasks.googleapis.com",
	"firestore.googleapis.com",
	"iam.googleapis.com",
	"logging.googleapis.com",
	"monitoring.googleapis.com",
	"run.googleapis.com",
	"secretmanager.googleapis.com",
	"storage.googleapis.com",
}

// examineCloud looks at the project, as far as the credentials reach.
func (x *examination) examineCloud(ctx context.Context) {
	client, err := x.program.cloud(ctx, x.project)
	if err != nil {
		x.found("credentials", bad("%v", err))
		return
	}
	x.cloud = client
	if !x.examineProject(ctx) {
		return
	}
	x.found("billing", x.billing(ctx))
	x.found("APIs", x.apis(ctx))
	x.found("who may be granted", x.memberDomains(ctx))
	x.found("where", x.locations(ctx))
	x.examineIAP(ctx)
}

// examineProject says whether it makes sense to ask for more.
func (x *examination) examineProject(ctx context.Context) bool {
	p, err := x.cloud.Project(ctx)
	switch {
	case errors.Is(err, cloud.ErrCredentials):
		x.found("credentials", bad("%v", err))
		return false
	case errors.Is(err, cloud.ErrDisabled): // the credentials are good, and the APIs are looked at
		x.found("credentials", fine("good for project %s", x.project))
		return true
	case err != nil:
		x.found("project", bad("%v", err))
		return false
	}
	x.number = p.Number
	x.found("credentials", fine("good for project %s", p.ID))
	if p.State != "ACTIVE" {
		x.found("project", bad("%s is %s", p.ID, p.State).advise("choose another project, or restore it: gcloud projects undelete %s", p.ID))
		return false
	}
	return true
}

func (x *examination) billing(ctx context.Context) finding {
	console := "https://console.cloud.google.com/billing/linkedaccount?project=" + x.project
	on, err := x.cloud.BillingEnabled(ctx)
	switch {
	case err != nil:
		return doubt("not known: %v", err).advise("look at %s", console)
	case !on:
		return bad("off").advise("link an account at %s", console)
	}
	return fine("on")
}

func (x *examination) apis(ctx context.Context) finding {
	enable := "run gcloud services enable %s --project %s and wait a minute"
	enabled, err := x.cloud.EnabledAPIs(ctx)
	if errors.Is(err, cloud.ErrDisabled) {
		return bad("serviceusage.googleapis.com is disabled, by which Terraform enables the others").
			advise(enable, strings.Join(enablers, " "), x.project)
	}
	if err != nil {
		return bad("%v", err)
	}
	missing := slices.DeleteFunc(slices.Clone(enablers), func(api string) bool { return enabled[api] })
	if len(missing) > 0 {
		return bad("%s: disabled, and Terraform cannot enable it", strings.Join(missing, ", ")).
			advise(enable, strings.Join(missing, " "), x.project)
	}
	there := 0
	for _, api := range needed {
		if enabled[api] {
			there++
		}
	}
	if there < len(needed) {
		return fine("%d of %d enabled; apply enables the others, which takes some minutes", there, len(needed))
	}
	return fine("all %d enabled", there)
}

// examineIAP looks whether the Identity-Aware Proxy, where it is used, may call what
// is behind it.
func (x *examination) examineIAP(ctx context.Context) {
	backends, err := x.cloud.IAPBackends(ctx)
	if err != nil {
		x.found("IAP", doubt("not known: %v", err))
		return
	}
	if x.number == 0 { // the project could not be read, which was told
		return
	}
	agent := cloud.IAPAgent(x.number)
	for _, name := range backends {
		if !strings.HasPrefix(name, "comeback-") { // somebody else's
			continue
		}
		members, err := x.cloud.Invokers(ctx, x.region, name)
		switch {
		case err != nil:
			x.found("IAP", doubt("%s: not known: %v", name, err))
		case slices.Contains(members, "serviceAccount:"+agent), slices.Contains(members, "allUsers"):
			x.found("IAP", fine("may call %s", name))
		default:
			x.found("IAP", bad("the Identity-Aware Proxy may not call %s, so nobody gets through", name).advise(
				"run gcloud beta services identity create --service=iap.googleapis.com --project=%[1]s, then gcloud run services add-iam-policy-binding %[2]s --region=%[3]s --project=%[1]s --member=serviceAccount:%[4]s --role=roles/run.invoker",
				x.project, name, x.region, agent))
		}
	}
}
