package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	tfjson "github.com/hashicorp/terraform-json"
)

type attrs = map[string]any

// planOf makes a plan of changes; each has a type.name as its address, or
// type.name["key"].
func planOf(changes ...*tfjson.ResourceChange) *tfjson.Plan {
	return &tfjson.Plan{ResourceChanges: changes}
}

func changed(address string, before, after attrs, actions ...tfjson.Action) *tfjson.ResourceChange {
	parts := strings.Split(regexp.MustCompile(`\["[^"]*"\]`).ReplaceAllString(address, ""), ".")
	c := &tfjson.Change{Actions: actions}
	if before != nil {
		c.Before = before
	}
	if after != nil {
		c.After = after
	}
	return &tfjson.ResourceChange{
		Address: address, Mode: tfjson.ManagedResourceMode,
		Type: parts[len(parts)-2], Name: parts[len(parts)-1], Change: c,
	}
}

func TestChangesOf(t *testing.T) {
	t.Parallel()
	replaced := changed("google_storage_bucket.source", attrs{"name": "old"}, attrs{"name": "new"}, tfjson.ActionDelete, tfjson.ActionCreate)
	replaced.Change.ReplacePaths = []any{[]any{"name"}, []any{"labels", "a"}}
	updated := changed("google_secret_manager_secret_version.trial[\"A\"]",
		attrs{"secret_data": "old", "same": "x", "gone": "y", "computed": "z", "id": "1"},
		attrs{"secret_data": "new", "same": "x", "added": "y", "id": "1"}, tfjson.ActionUpdate)
	updated.Change.AfterUnknown = attrs{"computed": true}
	data := changed("data.archive_file.functions", nil, attrs{}, tfjson.ActionRead)
	data.Mode = tfjson.DataResourceMode

	got := changesOf(planOf(
		changed("google_firestore_database.comeback", nil, attrs{"name": "comeback"}, tfjson.ActionCreate),
		changed("google_service_account.tasks", attrs{}, attrs{}, tfjson.ActionNoop),
		updated, replaced, data,
		changed("google_cloud_tasks_queue.reminders[\"1\"]", attrs{"name": "comeback-abc123"}, nil, tfjson.ActionDelete),
		changed("google_firestore_field.override[\"a/b\"]", attrs{"deletion_policy": "ABANDON"}, nil, tfjson.ActionDelete),
		changed("google_service_account.build", attrs{}, nil, tfjson.ActionForget),
		changed("google_project_service.api", attrs{"disable_on_destroy": false}, nil, tfjson.ActionDelete),
	))
	want := []change{
		{Action: doCreate, Kind: "Firestore database", Address: "google_firestore_database.comeback"},
		{Action: doChange, Kind: "secret's value", Address: "google_secret_manager_secret_version.trial[\"A\"]", Attributes: []string{"added", "gone", "secret_data"}},
		{Action: doReplace, Kind: "bucket of sources", Address: "google_storage_bucket.source", Attributes: []string{"labels", "name"}},
		{Action: doDestroy, Kind: "task queue", Address: "google_cloud_tasks_queue.reminders[\"1\"]"},
		{Action: doLeave, Kind: "Firestore field setting", Address: "google_firestore_field.override[\"a/b\"]"},
		{Action: doLeave, Kind: "service account", Address: "google_service_account.build"},
		{Action: doLeave, Kind: "API", Address: "google_project_service.api"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(change{})); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	agreed := []change{
		{Address: "new", Action: doCreate},
		{Address: "other", Action: doChange},
		{Address: "replaced", Action: doReplace},
		{Address: "taken", Action: doTake},
	}
	for _, tc := range []struct {
		name string
		plan []change
		want bool
	}{
		{"nothing is left", nil, true},
		{"the same", agreed, true},
		{"less", agreed[1:], true},
		{"what was half created is replaced", []change{{Address: "new", Action: doReplace}}, true},
		{"what was half replaced is created", []change{{Address: "replaced", Action: doCreate}}, true},
		{"what was taken over is changed", []change{{Address: "taken", Action: doChange}}, true},
		{"what was taken over is replaced", []change{{Address: "taken", Action: doReplace}}, false},
		{"what was to be created is destroyed", []change{{Address: "new", Action: doDestroy}}, false},
		{"another", []change{{Address: "unheard of", Action: doCreate}}, false},
		{"more than a change", []change{{Address: "other", Action: doReplace}}, false},
	} {
		if got := within(tc.plan, agreed); got != tc.want {
			t.Errorf("%s: got %t, want %t", tc.name, got, tc.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	const kept, abandon = `google_secret_manager_secret.kept["COMEBACK_ID_KEY"]`, "ABANDON"
	remind := attrs{"name": "comeback-remind"}
	linking := func(base string) attrs {
		return attrs{"service_config": []any{map[string]any{"environment_variables": map[string]any{"COMEBACK_UNSUBSCRIBE_URL": base}}}}
	}
	relinked := func(was, is string, actions ...tfjson.Action) *tfjson.ResourceChange {
		return changed(`module.function["Remind"].google_cloudfunctions2_function.this`, linking(was), linking(is), actions...)
	}
	const google, domain = "https://europe-west1-my-shop-123.cloudfunctions.net/comeback-unsubscribe", "https://comeback.example.com/u"
	for _, tc := range []struct {
		name string
		plan *tfjson.ResourceChange
		want string // "" for no warning
	}{
		{"database destroyed", changed("google_firestore_database.comeback", attrs{"name": "comeback"}, nil, tfjson.ActionDelete), "database comeback goes"},
		{"database replaced", changed("google_firestore_database.comeback", attrs{"name": "comeback", "deletion_policy": abandon}, attrs{"name": "x"}, tfjson.ActionDelete, tfjson.ActionCreate), "database comeback goes"},
		{"database left", changed("google_firestore_database.comeback", attrs{"name": "comeback", "deletion_policy": abandon}, nil, tfjson.ActionDelete), ""},
		{"database created", changed("google_firestore_database.comeback", nil, attrs{"name": "comeback"}, tfjson.ActionCreate), ""},
		{"database unprotected", changed("google_firestore_database.comeback", attrs{"deletion_policy": abandon}, attrs{"deletion_policy": "DELETE"}, tfjson.ActionUpdate), "not protected any more"},
		{"database changed otherwise", changed("google_firestore_database.comeback", attrs{"deletion_policy": abandon}, attrs{"deletion_policy": abandon, "labels": "x"}, tfjson.ActionUpdate), ""},
		{"field setting unprotected", changed(`google_firestore_field.override["a"]`, attrs{"deletion_policy": abandon}, attrs{"deletion_policy": "DELETE"}, tfjson.ActionUpdate), ""},
		{"id key destroyed", changed(kept, attrs{"secret_id": "COMEBACK_ID_KEY"}, nil, tfjson.ActionDelete), "no suppression is ever found again"},
		{"id key left", changed(kept, attrs{"secret_id": "COMEBACK_ID_KEY", "deletion_policy": abandon}, nil, tfjson.ActionDelete), ""},
		{"another secret destroyed", changed(`google_secret_manager_secret.this["SENDGRID_API_KEY"]`, attrs{"secret_id": "SENDGRID_API_KEY"}, nil, tfjson.ActionDelete), "SENDGRID_API_KEY goes with all its versions"},
		{"link key destroyed", changed(`google_secret_manager_secret.this["LINK"]`, attrs{"secret_id": "LINK", "labels": map[string]any{"comeback-key": "link_keys"}}, nil, tfjson.ActionDelete), "Keep it under link_keys_retired"},
		{"a domain", relinked(google, domain, tfjson.ActionUpdate), ""},
		{"another domain", relinked(domain, "https://mail.example.com/u", tfjson.ActionUpdate), "lead to https://comeback.example.com/u, where nobody answers"},
		{"no domain any more", relinked(domain, google, tfjson.ActionUpdate), "lead to https://comeback.example.com/u"},
		{"another region", relinked(google, "https://us-central1-my-shop-123.cloudfunctions.net/comeback-unsubscribe", tfjson.ActionDelete, tfjson.ActionCreate), "lead to " + google},
		{"the same links", relinked(domain, domain, tfjson.ActionUpdate), ""},
		{"queues lowered", changed(`google_cloud_tasks_queue.reminders["2"]`, attrs{"name": "comeback-abc123"}, nil, tfjson.ActionDelete), "comeback-abc123 goes, and its waiting tasks are lost"},
		{"queue changed", changed(`google_cloud_tasks_queue.reminders["2"]`, attrs{"name": "a"}, attrs{"name": "a", "rate": "x"}, tfjson.ActionUpdate), ""},
		{"bucket replaced", changed("google_storage_bucket.source", attrs{"name": "b"}, attrs{"name": "c"}, tfjson.ActionDelete, tfjson.ActionCreate), "the bucket b goes"},
		{"Remind replaced", changed(`module.function["Remind"].google_cloudfunctions2_function.this`, remind, attrs{}, tfjson.ActionDelete, tfjson.ActionCreate), "the waiting tasks call the old one"},
		{"another function replaced", changed(`module.function["Order"].google_cloudfunctions2_function.this`, attrs{"name": "comeback-order"}, attrs{}, tfjson.ActionDelete, tfjson.ActionCreate), ""},
	} {
		got := warnings(changesOf(planOf(tc.plan)))
		if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)) {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var all []*tfjson.ResourceChange
	for _, field := range []string{"a", "b", "c", "d", "e", "f"} {
		all = append(all, changed("google_firestore_field.override[\""+field+"\"]", nil, attrs{}, tfjson.ActionCreate))
	}
	replaced := changed(`google_cloud_tasks_queue.reminders["0"]`, attrs{"name": "comeback-abc123"}, attrs{}, tfjson.ActionDelete, tfjson.ActionCreate)
	replaced.Change.ReplacePaths = []any{[]any{"name"}}
	all = append(
		all, replaced,
		changed(`module.function["Order"].google_cloudfunctions2_function.this`, attrs{"build_config": "1"}, attrs{"build_config": "2"}, tfjson.ActionUpdate),
		changed(`module.function["Sweep"].google_cloudfunctions2_function.this`, attrs{"build_config": "1"}, attrs{"build_config": "2"}, tfjson.ActionUpdate),
		changed("google_unheard_of.this", nil, attrs{}, tfjson.ActionCreate),
	)
	s := newStage(t, "")
	s.report(changesOf(planOf(all...)), false)
	want := `  replace    1 task queue
             google_cloud_tasks_queue.reminders["0"]  because of name
  change     2 functions
             module.function["Order"].google_cloudfunctions2_function.this  (build_config)
             module.function["Sweep"].google_cloudfunctions2_function.this  (build_config)
  create     6 Firestore field settings
  create     1 google_unheard_of
             google_unheard_of.this
7 to create, 2 to change, 1 to replace.
WARNING: the queue comeback-abc123 goes, and its waiting tasks are lost. Its name is blocked for about 7 days.
note: 2 functions start anew; calls go to the version that there is until then.
`
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	s = newStage(t, "")
	s.report(changesOf(planOf(all...)), true)
	s.wantSaid(t, `google_firestore_field.override["f"]`)
	s = newStage(t, "")
	s.report(nil, false)
	s.wantSaid(t, "Nothing to change.")
	s = newStage(t, "")
	s.colour = true
	s.report(changesOf(planOf(replaced)), false)
	s.wantSaid(t, "\x1b[31mreplace  \x1b[0m", "\x1b[31mWARNING:\x1b[0m")
}

func TestProgress(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	g := newProgress(s.program, []change{{Action: doCreate}, {Action: doReplace}})
	say := func(kind, action, address string, elapsed float64) {
		var m message
		m.Type, m.Hook.Action, m.Hook.Elapsed, m.Hook.Resource.Addr = kind, action, elapsed, address
		g.show(m)
	}
	say("apply_start", "create", "a.a", 0)
	for seconds := 10; seconds <= 130; seconds += 10 {
		say("apply_progress", "create", "a.a", float64(seconds))
	}
	say("apply_complete", "create", "a.a", 133)
	say("apply_complete", "read", "data.a.a", 0)
	say("apply_complete", "delete", "b.b", 0)
	say("apply_errored", "create", "b.b", 0)
	want := `[0/3]           a.a takes 1m0s by now
[0/3]           a.a takes 2m0s by now
[1/3] created    a.a  (2m13s)
[2/3] destroyed  b.b
[2/3] failed     b.b
`
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}
