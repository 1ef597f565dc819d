package main

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud/cloudtest"
	"github.com/comeback-checkout/comeback/terraform/tftest"
)

// world is a stage on which Terraform and the command see the same Google Cloud: what
// Terraform makes is there for the command's own calls, and the other way round.
type world struct {
	*stage
	*tftest.World
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{newStage(t, ""), tftest.New(t)}
	w.with(map[string]string{"PATH": os.Getenv("PATH"), "SENDGRID_API_KEY": "SG.value"})
	w.terraformEnv = w.World.Env()
	w.share(t, w.google)
	w.trim(t)
	return w
}

// trim leaves out what takes long and matters to no test here.
func (w *world) trim(t *testing.T) {
	t.Helper()
	for _, file := range []string{"alerts.tf", "metrics.tf", "dashboard.tf"} {
		if err := os.Remove(w.Path("terraform/" + file)); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(w.Path("functions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "functions.go" {
			return err
		}
		return os.Remove(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	indexes := `{"indexes": [], "fieldOverrides": [{"collectionGroup": "checkouts", "fieldPath": "expires_at", "ttl": true, "indexes": []}]}`
	if err := os.WriteFile(w.Path("terraform/firestore.indexes.json"), []byte(indexes), 0o600); err != nil {
		t.Fatal(err)
	}
}

// share lets the command's calls, which google answers, see what Terraform has made, and
// Terraform the versions that the command adds.
func (w *world) share(t *testing.T, google *cloudtest.Server) {
	w.google = google
	google.OnAddVersion = func(name string, _ []byte) { w.GiveSecrets(name) }
	options := google.Options()
	options.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		w.copyMade(t)
		return http.DefaultTransport.RoundTrip(r)
	})}
	w.useCloud(options)
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// copyMade puts what Terraform has made where the command's calls find it.
func (w *world) copyMade(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(w.Cloud, "google_*.json"))
	if err != nil {
		t.Error(err)
	}
	for _, file := range files {
		var thing struct{ Type, ID string }
		if data, err := os.ReadFile(file); err != nil || json.Unmarshal(data, &thing) != nil {
			continue // half written
		}
		switch thing.Type {
		case "google_secret_manager_secret":
			w.google.PutSecret(path.Base(thing.ID))
		case "google_firestore_database":
			w.google.PutDatabase(path.Base(thing.ID))
		case "google_cloud_tasks_queue":
			if w.google.QueueState(thing.ID) == "" {
				w.google.PutQueue(thing.ID)
			}
		}
	}
}

// do runs a command on a root module of the copy.
func (w *world) do(t *testing.T, want int, dir, command string, more ...string) {
	t.Helper()
	w.reset()
	args := append([]string{command, "-dir", w.Path(dir), "-terraform", tftest.Executable(t), "-project", project}, more...)
	if got := w.status(t, args...); got != want {
		t.Fatalf("%v: got status %d, want %d:\n%s%s", args, got, want, w.out, w.errOut)
	}
}

// values are the flags of the commands that plan the module itself.
func (w *world) values(more ...string) []string {
	return append([]string{"-config", w.Path("terraform/examples/minimal/comeback.yaml"), "-alert-email", "you@example.com"}, more...)
}

// made are the full names of what Terraform has created, in order.
func (w *world) made(kind string) []string {
	var ids []string
	for _, op := range w.Ops() {
		if op.Op == "create" && op.Type == kind {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

var minimalSecrets = []string{"COMEBACK_API_KEY", "COMEBACK_ID_KEY", "COMEBACK_LINK_KEY", "SENDGRID_API_KEY", "SENDGRID_EVENTS_PUBLIC_KEY"}

// TestDeployment goes through a deployment's life: from an empty project, over a pause
// and a destroy, to a deployment that takes over what was left.
func TestDeployment(t *testing.T) {
	t.Parallel()
	const dir = "terraform"
	w := newWorld(t)
	killed := "import {\n  to = google_firestore_database.comeback\n  id = \"projects/my-shop-123/databases/comeback\"\n}\n"
	if err := os.WriteFile(w.Path(dir+"/"+takeoverFile), []byte(killed), 0o600); err != nil {
		t.Fatal(err)
	}
	w.do(t, exitDone, dir, "apply", w.values("-yes")...)
	w.wantSaid(t, "create     1 Firestore database", "the secret COMEBACK_API_KEY has no value yet; apply generates one",
		"The secrets first:", "generated COMEBACK_ID_KEY", "stored SENDGRID_API_KEY", "SENDGRID_EVENTS_PUBLIC_KEY holds nothing yet", "The rest:", "\nNext:\n1. ")
	w.wantUnsaid(t, "WARNING")
	keys := map[string]string{}
	for _, name := range minimalSecrets {
		versions := w.google.Versions(name)
		if name == "SENDGRID_EVENTS_PUBLIC_KEY" && slices.Equal(versions, []string{noValue}) {
			continue
		}
		if len(versions) != 1 || len(versions[0]) < 8 {
			t.Fatalf("%s: got %d versions, want one with a value", name, len(versions))
		}
		keys[name] = versions[0]
		w.wantUnsaid(t, versions[0])
	}
	w.wantOrder(t)
	w.do(t, exitDone, dir, "plan", w.values()...)
	w.wantSaid(t, "Nothing to change.")

	ops := len(w.Ops())
	for command, flags := range map[string][]string{"plan": w.values(), "apply": w.values("-yes"), "destroy": w.values("-yes"), "pause": nil, "outputs": nil} {
		w.do(t, exitError, dir, command, append(flags, "-project", "other-shop-9")...)
		w.wantSaid(t, "is of a deployment in my-shop-123: it is left alone. Give -project my-shop-123")
	}
	if got := w.Ops()[ops:]; len(got) > 0 {
		t.Errorf("with another project something was done in this one: %v", got)
	}

	w.do(t, exitDone, dir, "pause")
	queue := w.made("google_cloud_tasks_queue")[0]
	w.wantSaid(t, "paused  "+queue)
	if w.google.QueueState(queue) != cloud.QueuePaused {
		t.Errorf("%s is not paused", queue)
	}

	w.do(t, exitDone, dir, "destroy", w.values("-yes")...)
	w.wantSaid(t, "leave      1 Firestore database", "The Firestore database comeback stays.", "gcloud secrets delete COMEBACK_ID_KEY", "WARNING: the queue")
	w.wantUnsaid(t, "WARNING: the Firestore database", "WARNING: the secret COMEBACK_ID_KEY")

	w.share(t, cloudtest.New(t)) // what was destroyed is gone, and what was left is there
	w.google.PutSecret("COMEBACK_ID_KEY", keys["COMEBACK_ID_KEY"])
	w.do(t, exitDone, dir, "apply", w.values("-yes", "-var", "queue_suffix=b")...)
	w.wantSaid(t, "take over  1 Firestore database", "take over  1 secret", "the database comeback is there from an earlier deployment: it is taken over")
	if got := w.google.Versions("COMEBACK_ID_KEY"); !slices.Equal(got, []string{keys["COMEBACK_ID_KEY"]}) {
		t.Errorf("the key of the address hashes has %d versions, want the first alone", len(got))
	}
	if got := w.made("google_firestore_database"); len(got) != 1 {
		t.Errorf("got the databases %v, want one for both deployments", got)
	}
	if _, err := os.Stat(w.Path(dir + "/" + takeoverFile)); err == nil {
		t.Error("the file of takeovers was left there")
	}
}

// wantOrder holds that the functions are made after all that their first instance needs.
func (w *world) wantOrder(t *testing.T) {
	t.Helper()
	var kinds []string
	for _, op := range w.Ops() {
		kinds = append(kinds, op.Type)
	}
	function := slices.Index(kinds, "google_cloudfunctions2_function")
	for _, kind := range []string{"google_secret_manager_secret", "google_firestore_database", "google_secret_manager_secret_iam_member"} {
		if i := slices.Index(kinds, kind); i < 0 || i > function {
			t.Errorf("%s is number %d, want it before the functions, from %d on", kind, i, function)
		}
	}
}

// TestNothingIsMade holds what ends an apply before it begins.
func TestNothingIsMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.env, "SENDGRID_API_KEY")
	w.do(t, exitError, "terraform", "apply", w.values("-yes")...)
	w.wantSaid(t, "no value for SENDGRID_API_KEY")
	w.google.PutDatabase("comeback") // and its key is lost
	w.do(t, exitError, "terraform", "apply", w.values("-yes")...)
	w.wantSaid(t, "no suppression would be found again", "-new-id-key")
	if ops := w.Ops(); len(ops) > 0 {
		t.Errorf("something was made all the same: %v", ops)
	}
}

// TestFreshAPIs deploys where Google learns slowly of what was enabled and granted, from
// a root module of its own, whose files hold the values.
func TestFreshAPIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.google.Fail(cloud.SecretManager, "COMEBACK_LINK_KEY:addVersion", 1, 403, "PERMISSION_DENIED", "Permission 'secretmanager.versions.add' denied on resource")
	w.Fail(
		tftest.Fault{Type: "google_secret_manager_secret", Name: "COMEBACK_API_KEY", Op: "create", Times: 1, Error: "Error creating Secret: googleapi: Error 403: Secret Manager API has not been used in project 1 before or it is disabled."},
		tftest.Fault{Type: "google_cloud_tasks_queue", Op: "create", Times: 1, Error: "Error creating Queue: googleapi: Error 403: Cloud Tasks API has not been used in project 1 before or it is disabled."},
		tftest.Fault{Type: "google_cloudfunctions2_function", Name: "comeback-remind", Op: "create", Times: 1, Error: "Error creating function: googleapi: Error 403: Permission 'iam.serviceaccounts.actAs' denied on service account comeback-remind@my-shop-123.iam.gserviceaccount.com"},
	)
	w.do(t, exitDone, "terraform/examples/minimal", "apply", "-yes")
	if len(w.waits) != 4 {
		t.Errorf("got %d waits, want 4:\n%s", len(w.waits), w.out)
	}
	if got := w.made("google_cloudfunctions2_function"); len(got) != 10 {
		t.Errorf("got the functions %v, want ten", got)
	}
	for _, name := range minimalSecrets {
		if got := len(w.google.Versions(name)); got != 1 {
			t.Errorf("%s: got %d versions, want 1", name, got)
		}
	}
}

// TestTrial deploys with values that go through Terraform, on the user's own wish, and
// nothing that is kept.
func TestTrial(t *testing.T) {
	t.Parallel()
	const dir = "terraform"
	w := newWorld(t)
	delete(w.env, "SENDGRID_API_KEY")
	file := w.Path("trial.tfvars")
	text := "keep_data = false\nsecret_values = {\n"
	for _, name := range minimalSecrets {
		text += "  " + name + " = \"value-of-" + name + "\"\n"
	}
	if err := os.WriteFile(file, []byte(text+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.do(t, exitDone, dir, "apply", w.values("-yes", "-var-file", file, "-var", "queues=2")...)
	w.wantUnsaid(t, "value-of-", "generated", "The secrets first")
	for _, name := range minimalSecrets {
		if got := w.google.Versions(name); len(got) > 0 {
			t.Errorf("%s got a version beside Terraform's", name)
		}
	}

	w.do(t, exitChanges, dir, "plan", w.values("-var-file", file, "-var", "queues=1")...)
	w.wantSaid(t, "destroy    1 task queue", "its waiting tasks are lost", "6 functions start anew")
	if got := strings.Count(w.out.String(), "WARNING"); got != 1 {
		t.Errorf("got %d warnings, want 1:\n%s", got, w.out)
	}

	w.do(t, exitDone, dir, "destroy", w.values("-yes", "-var-file", file)...)
	w.wantSaid(t, "WARNING: the Firestore database comeback goes", "WARNING: the secret COMEBACK_ID_KEY goes")
	w.wantUnsaid(t, "stays.", "value-of-")
}
