package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fault(summary string) diagnostic {
	return diagnostic{Severity: "error", Summary: summary}
}

// TestPasses classifies errors as Google's APIs and Terraform's provider word them.
func TestPasses(t *testing.T) {
	t.Parallel()
	const (
		always  = "always"
		granted = "after a grant"
		never   = "never"
	)
	for _, tc := range []struct{ text, want string }{
		{`Error creating Queue: googleapi: Error 403: Cloud Tasks API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/cloudtasks.googleapis.com/overview?project=123456789012 then retry.`, always},
		{"Error 403: …\nDetails:\n[{\"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\", \"reason\": \"SERVICE_DISABLED\"}]", always},
		{`googleapi: Error 403: Access Not Configured., accessNotConfigured`, always},
		{`Error creating AlertPolicy: googleapi: Error 404: Cannot find metric that matches type = "logging.googleapis.com/user/comeback_mail". If a metric was created recently, it could take up to 10 minutes to become available.`, always},
		{`Error 400: Service agents are being provisioned (https://cloud.google.com/eventarc/docs/troubleshooting). Please wait and try again.`, always},

		{`Error creating function: googleapi: Error 403: Permission 'secretmanager.versions.access' denied on resource (or it may not exist).`, granted},
		{`Error 403: Permission denied on secret: projects/1/secrets/A/versions/latest for Revision service account a@p.iam.gserviceaccount.com. The service account used must be granted the 'Secret Manager Secret Accessor' role`, granted},
		{`googleapi: Error 403: The caller does not have permission, forbidden`, granted},
		{`rpc error: code = PermissionDenied desc = PERMISSION_DENIED: iam.serviceAccounts.actAs`, granted},
		{`Build failed: Access to bucket gcf-v2-sources-1-us-central1 denied. You must grant Storage Object Viewer permission to comeback-build@p.iam.gserviceaccount.com.`, granted},
		{`Unable to retrieve the repository metadata for projects/p/locations/l/repositories/gcf-artifacts. Ensure that the Cloud Functions service account has 'artifactregistry.repositories.list' permissions.`, granted},
		{`Build failed: comeback-build@p.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object.`, granted},
		{`Error applying IAM policy: googleapi: Error 400: Service account comeback-tasks@p.iam.gserviceaccount.com does not exist., badRequest`, granted},
		{`Unable to retrieve the repository metadata. Ensure that the Cloud Functions service agent has 'artifactregistry.repositories.list' permission`, granted},

		{`Error creating Queue: googleapi: Error 400: The queue cannot be created because a queue with this name existed too recently.`, never},
		{`googleapi: Error 403: This API method requires billing to be enabled. BILLING_DISABLED`, never},
		{`Error 400: One or more users named in the policy do not belong to a permitted customer.`, never},
		{`Error 409: Database already exists. Please use another database_id`, never},
		{`Error acquiring the state lock`, never},
		{`Error: Provider produced inconsistent result after apply`, never},
	} {
		for _, fresh := range []bool{false, true} {
			f := &faults{list: []diagnostic{fault(tc.text)}}
			want := tc.want == always || tc.want == granted && fresh
			if got := f.passes(fresh); got != want {
				t.Errorf("after a grant %t: got %t, want %t for %s", fresh, got, want, tc.text)
			}
		}
	}
}

func TestPassesOnlyTogether(t *testing.T) {
	t.Parallel()
	passing := fault("SERVICE_DISABLED")
	if f := (&faults{list: []diagnostic{passing, fault("Error 409: it is there")}}); f.passes(true) {
		t.Error("an error that stays is waited for because another one passes")
	}
	if (&faults{}).passes(true) {
		t.Error("no error at all is waited for")
	}
	s := &session{}
	if !s.passes(fmt.Errorf("wrapped: %w", failure("terraform apply", []diagnostic{passing}))) || s.passes(errors.New("SERVICE_DISABLED")) || s.passes(nil) {
		t.Error("only Terraform's own errors are to be waited for")
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"Error 400: The queue cannot be created because a queue with this name existed too recently.", "-var queue_suffix=b"},
		{"googleapi: Error 403: BILLING_DISABLED", "billing account"},
		{"One or more users named in the policy do not belong to a permitted customer", "-var 'public=[]'"},
		{"'us-central1' violates constraint 'constraints/gcp.resourceLocations'", "-region"},
		{"Error acquiring the state lock", "force-unlock"},
		{"Secret projects/1/secrets/SENDGRID_API_KEY/versions/latest was not found", "has no version"},
		{"google: could not find default credentials.", "gcloud auth application-default login"},
		{"No value for required variable", "terraform.tfvars"},
		{"Value for undeclared variable", "-dir"},
		{"Failed to query available provider packages", "network"},
		{"googleapi: Error 409: Requested entity already exists, alreadyExists", "terraform import"},
		{"Error 429: Quota exceeded for quota metric", "quota"},
		{"Error waiting for Creating function: Build failed with status: FAILURE", "build failed"},
		{"spec.template.spec: Max instances must be set to 20 or fewer in order to set the requested total CPU", "set fewer"},
		{"Cloud Tasks API has not been used in project 1 before or it is disabled", "API is still off"},
		{"googleapi: Error 403: Permission 'x.y' denied", "lacks a permission"},
	} {
		got := (&faults{what: "terraform apply", list: []diagnostic{fault(tc.text), fault(tc.text)}}).advice()
		if len(got) != 1 || !strings.Contains(got[0], tc.want) {
			t.Errorf("got %q, want one piece of advice with %q for %s", got, tc.want, tc.text)
		}
	}
	if got := (&faults{list: []diagnostic{fault("never seen before")}}).advice(); got != nil {
		t.Errorf("got %q, want no advice", got)
	}
}

func TestFaultsAreShort(t *testing.T) {
	t.Parallel()
	var list []diagnostic
	for i := range 9 {
		list = append(list, diagnostic{Summary: fmt.Sprintf("fault %d", i), Detail: strings.Repeat("long ", 1000), Address: "a.b"})
	}
	got := failure("terraform apply", list).Error()
	if !strings.Contains(got, "fault 4\n    a.b\n    long") || strings.Contains(got, "fault 5") || !strings.HasSuffix(got, "and 4 more") || len(got) > 4000 {
		t.Errorf("got %d bytes:\n%s", len(got), got)
	}
}

func TestTextDiagnostics(t *testing.T) {
	t.Parallel()
	err := errors.New(`exit status 1

Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider
hashicorp/google: could not connect to registry.terraform.io

╷
│ Error: Unsupported argument
│
│   on main.tf line 3:
│    3:   colour = "red"
╵
`)
	got := textDiagnostics(err)
	want := []diagnostic{
		{
			Severity: "error", Summary: "Failed to query available provider packages",
			Detail: "Could not retrieve the list of available versions for provider\nhashicorp/google: could not connect to registry.terraform.io",
		},
		{Severity: "error", Summary: "Unsupported argument", Detail: "on main.tf line 3:\n3:   colour = \"red\""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	plain := textDiagnostics(errors.New("exec: no such file"))
	if len(plain) != 1 || plain[0].Summary != "exec: no such file" {
		t.Errorf("got %v, want the error itself", plain)
	}
}

func TestUI(t *testing.T) {
	t.Parallel()
	var got []string
	u := &ui{each: func(m message) { got = append(got, m.Type+" "+m.Hook.Resource.Addr) }}
	for _, part := range []string{
		`{"type":"apply_start","hook":{"resource":{"addr":"a.b","resource_type":"google_project_service"},"action":"create"}}` + "\n{\"type\":",
		`"apply_errored","hook":{"resource":{"addr":"a.b"}}}` + "\nnot JSON\n",
		`{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"a warning"}}` + "\n",
		`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"it broke","detail":"badly","address":"a.b","snippet":{"code":"secret"}}}` + "\n",
		`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"it broke","detail":"badly","address":"a.b"}}` + "\n",
	} {
		if _, err := u.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"apply_start a.b", "apply_errored a.b", "diagnostic ", "diagnostic ", "diagnostic "}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]diagnostic{{"error", "it broke", "badly", "a.b"}}, u.faults); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}
