package terraform_test

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// rights holds what each account may do in the whole project, and that nobody but the
// build reads the sources: whatever is granted more widely is granted to an attacker too.
func (p planned) rights() {
	p.Helper()
	builder := ""
	want := map[string][]string{}
	for name, f := range p.byEntryPoint() {
		want[p.accountOf(name)] = []string{"roles/datastore.user"}
		builder = "serviceAccount:" + path.Base(f.text("build_config", "service_account"))
	}
	want[builder] = []string{"roles/artifactregistry.writer", "roles/logging.logWriter", "roles/storage.objectViewer"}
	got := map[string][]string{}
	for _, g := range p.all("google_project_iam_member") {
		got[g.text("member")] = append(got[g.text("member")], g.text("role"))
	}
	for _, roles := range got {
		slices.Sort(roles)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.Errorf("who may do what in the project: want (-), got (+):\n%s", diff)
	}
	for address, b := range p.all("google_storage_bucket") {
		if b.text("public_access_prevention") != "enforced" || b.text("uniform_bucket_level_access") != "true" {
			p.Errorf("%s may be opened to the public", address)
		}
	}
}

// afterGrants holds that every function waits for what no argument of it names: the APIs,
// the build's grants, the callers and the values of a trial. That they come first by
// chance proves nothing.
func (p planned) afterGrants() {
	p.Helper()
	calls := p.plan.Config.RootModule.ModuleCalls["comeback"].Module.ModuleCalls
	for _, want := range []string{
		"google_project_service.api", "google_project_iam_member.build",
		"google_secret_manager_secret_version.trial", "google_secret_manager_secret_version.trial_kept",
		"google_service_account.tasks", "google_service_account.scheduler",
	} {
		if got := calls["function"].DependsOn; !slices.Contains(got, want) {
			p.Errorf("the functions wait for %v, want also for %s", got, want)
		}
	}
}

// apiOf is the API that has to be on before a resource of the type can be made.
func apiOf(kind string) string {
	apis := map[string]string{
		"cloud_run_service": "run", "cloud_scheduler": "cloudscheduler", "cloud_tasks": "cloudtasks",
		"cloudfunctions2": "cloudfunctions", "compute": "compute", "firestore": "firestore", "logging": "logging",
		"monitoring": "monitoring", "secret_manager": "secretmanager", "service_account": "iam", "storage": "storage",
	}
	for prefix, api := range apis {
		if strings.HasPrefix(kind, "google_"+prefix+"_") || kind == "google_"+prefix {
			return api + ".googleapis.com"
		}
	}
	return ""
}

// apisComeFirst holds that everything is made once its API is on.
func (d *deployment) apisComeFirst() {
	d.Helper()
	late := map[string]bool{}
	on := map[string]bool{}
	for _, op := range d.Ops() {
		switch api := apiOf(op.Type); {
		case op.Type == "google_project_service":
			on[path.Base(op.ID)] = true
		case api == "" && op.Type != "google_project_iam_member":
			d.Errorf("%s: nobody has said which API makes it", op.Type)
		case api != "" && !on[api]:
			late[op.Type+" "+op.ID] = true
		}
	}
	if len(late) > 0 {
		d.Errorf("made before their APIs were on: %v", slices.Sorted(maps.Keys(late)))
	}
}
