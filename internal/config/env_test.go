package config_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/config"
)

func TestEnvOnOneMachine(t *testing.T) {
	t.Parallel()
	got := load(t, store(""), env{}, "").Env
	want := config.Env{
		Project: "comeback-local", Database: "comeback",
		Queues:    []string{"projects/comeback-local/locations/local-1/queues/reminders"},
		RemindURL: "http://127.0.0.1:8080/tasks/remind", SweepURL: "http://127.0.0.1:8080/tasks/sweep",
		RecoverURL: "http://127.0.0.1:8080/r", UnsubscribeURL: "http://127.0.0.1:8080/u",
		TasksAccount:     "tasks@comeback-local.iam.gserviceaccount.com",
		SchedulerAccount: "scheduler@comeback-local.iam.gserviceaccount.com",
		OIDCIssuer:       "https://accounts.google.com", OIDCKeysURL: "https://www.googleapis.com/oauth2/v3/certs",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if got := load(t, store(""), env{"COMEBACK_CALLER_CHECK": "iam"}, "").Env; got.CallerCheckIAM() {
		t.Error("IAM is trusted outside of the cloud")
	}
}

func TestEnvInTheCloud(t *testing.T) {
	t.Parallel()
	got := load(t, store(""), cloud.with(env{"FUNCTION_TARGET": "Remind", "LOG_LEVEL": "warning"}), "Remind").Env
	want := config.Env{
		Project: "my-shop-1", Database: "comeback",
		Queues:           []string{"projects/my-shop-1/locations/europe-west1/queues/reminders"},
		RemindURL:        "https://europe-west1-my-shop-1.cloudfunctions.net/Remind",
		SweepURL:         "https://europe-west1-my-shop-1.cloudfunctions.net/Sweep",
		RecoverURL:       "https://europe-west1-my-shop-1.cloudfunctions.net/Recover",
		UnsubscribeURL:   "https://europe-west1-my-shop-1.cloudfunctions.net/Unsubscribe",
		TasksAccount:     "tasks@my-shop-1.iam.gserviceaccount.com",
		SchedulerAccount: "scheduler@my-shop-1.iam.gserviceaccount.com",
		CallerCheck:      "iam",
		OIDCIssuer:       "https://accounts.google.com", OIDCKeysURL: "https://www.googleapis.com/oauth2/v3/certs",
		KService: "comeback", FunctionTarget: "Remind", LogLevel: slog.LevelWarn,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if !got.CallerCheckIAM() {
		t.Error("IAM's check does not count")
	}
}

func TestLocalQueues(t *testing.T) {
	t.Parallel()
	one := load(t, "queues: 1"+store(""), env{}, "").Env.Queues
	three := load(t, "queues: 3"+store(""), env{}, "").Env.Queues
	if len(three) != 3 || one[0] != three[0] || three[1] == three[2] {
		t.Errorf("got %q and %q, want the first to stay and the others to differ", one, three)
	}
}

// queues names n task queues.
func queues(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("projects/p/locations/l/queues/a%d", i))
	}
	return strings.Join(names, ",")
}

func TestQueues(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, file, names string
		want              int
		fault             string
	}{
		{"neither says", "", "", 1, ""},
		{"the file says", "queues: 3", "", 3, ""},
		{"the environment says", "", queues(4), 4, ""},
		{"as many as there may be", "", queues(32), 32, ""},
		{"both say the same", "queues: 3", queues(3), 3, ""},
		{"the environment says more", "queues: 1", queues(2), 0, "COMEBACK_QUEUES: \"projects/p/locations/l/queues/a0,projects/p/locations/l/queu…\": want as many names as the file says under queues (1)"},
		{"the environment says less", "queues: 2", queues(1), 0, "COMEBACK_QUEUES: \"projects/p/locations/l/queues/a0\": want as many names as the file says under queues (2)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := env{"COMEBACK_QUEUES": tc.names}
			if tc.fault != "" {
				if got := faults(t, tc.file+store(""), e, ""); len(got) != 1 || got[0] != tc.fault {
					t.Errorf("got %q, want %q", got, tc.fault)
				}
				return
			}
			c := load(t, tc.file+store(""), e, "")
			if c.Queues != tc.want || len(c.Env.Queues) != tc.want {
				t.Errorf("got %d queues and %d names, want %d", c.Queues, len(c.Env.Queues), tc.want)
			}
		})
	}
}

func TestProjectOfTheRuntime(t *testing.T) {
	t.Parallel()
	if got := load(t, store(""), env{"GOOGLE_CLOUD_PROJECT": "a-project"}, "").Env.Project; got != "a-project" {
		t.Errorf("got %s", got)
	}
}

func TestEnvFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		more     env
		function string
		want     []string // the faults' beginnings
	}{
		{"Firestore emulator", env{"FIRESTORE_EMULATOR_HOST": "127.0.0.1:8200"}, "Order", []string{`FIRESTORE_EMULATOR_HOST: "127.0.0.1:8200": want it unset`}},
		{"Cloud Tasks emulator", env{"CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:8123"}, "Sweep", []string{"CLOUD_TASKS_EMULATOR_HOST: "}},
		{"SendGrid emulator", env{"COMEBACK_SENDGRID_HOST": "http://127.0.0.1:8026"}, "Remind", []string{"COMEBACK_SENDGRID_HOST: "}},
		{"SendGrid emulator's key", env{"COMEBACK_SENDGRID_EVENTS_KEY": eventsKey}, "Remind", []string{"COMEBACK_SENDGRID_EVENTS_KEY: "}},
		{"another issuer", env{"COMEBACK_OIDC_ISSUER": "https://evil.example.com"}, "Remind", []string{"COMEBACK_OIDC_ISSUER: "}},
		{"other keys", env{"COMEBACK_OIDC_KEYS_URL": "https://evil.example.com/keys"}, "Remind", []string{"COMEBACK_OIDC_KEYS_URL: "}},
		{"no project", env{"COMEBACK_PROJECT": ""}, "Recover", []string{"COMEBACK_PROJECT: missing: want the project's ID"}},
		{"a bad project", env{"COMEBACK_PROJECT": "My Shop"}, "Recover", []string{`COMEBACK_PROJECT: "My Shop": want a project's ID`}},
		{"a bad database", env{"COMEBACK_DATABASE": "DB"}, "Recover", []string{`COMEBACK_DATABASE: "DB": want a Firestore database's ID`}},
		{"nothing to enqueue with", env{"COMEBACK_QUEUES": "", "COMEBACK_REMIND_URL": "", "COMEBACK_TASKS_ACCOUNT": ""}, "Checkout", []string{
			"COMEBACK_REMIND_URL: missing", "COMEBACK_TASKS_ACCOUNT: missing", "COMEBACK_QUEUES: missing",
		}},
		{"nothing to know the scheduler by", env{"COMEBACK_SWEEP_URL": "", "COMEBACK_SCHEDULER_ACCOUNT": ""}, "Sweep", []string{
			"COMEBACK_SWEEP_URL: missing", "COMEBACK_SCHEDULER_ACCOUNT: missing",
		}},
		{"too many queues", env{"COMEBACK_QUEUES": queues(33)}, "Order", []string{
			`COMEBACK_QUEUES: "projects/p/locations/l/queues/a0,projects/p/locations/l/queu…": want 1 to 32 names`,
		}},
		{"the same queue twice", env{"COMEBACK_QUEUES": "projects/p/locations/l/queues/a,projects/p/locations/l/queues/a"}, "Order", []string{"COMEBACK_QUEUES: "}},
		{"plain http", env{"COMEBACK_REMIND_URL": "http://remind.example.com"}, "Order", []string{`COMEBACK_REMIND_URL: "http://remind.example.com": want an https URL`}},
		{"a bad account", env{"COMEBACK_TASKS_ACCOUNT": "tasks"}, "Order", []string{`COMEBACK_TASKS_ACCOUNT: "tasks": want one address`}},
		{"a bad caller check", env{"COMEBACK_CALLER_CHECK": "yes"}, "Remind", []string{`COMEBACK_CALLER_CHECK: "yes": want one of iam`}},
		{"a bad level", env{"LOG_LEVEL": "LOUD"}, "Remind", []string{`LOG_LEVEL: "LOUD": want DEBUG`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := faults(t, store(""), cloud.with(tc.more), tc.function)
			if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// TestNoNeedNoFault takes from each function in the cloud all that it has no use for.
func TestNoNeedNoFault(t *testing.T) {
	t.Parallel()
	load(t, store(""), env{"K_SERVICE": "x", "COMEBACK_PROJECT": "my-shop-1", "COMEBACK_LINK_KEY": "k"}, "Recover")
	load(t, store(""), env{"K_SERVICE": "x", "COMEBACK_PROJECT": "my-shop-1", "COMEBACK_API_KEY": "k"}, "Coupons")
}

// TestVariables holds the documented list against what Load asks for.
func TestVariables(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, v := range config.Variables() {
		if listed[v.Name] || v.Meaning == "" {
			t.Errorf("%s stands twice or says nothing", v.Name)
		}
		listed[v.Name] = false
	}
	everything := store("shopify: {shop: a.myshopify.com}\nwoocommerce: {url: https://w.example.com/}")
	for _, e := range []env{{}, cloud} {
		_, err := config.Load([]byte(everything), func(name string) (string, bool) {
			if _, known := listed[name]; !known {
				t.Errorf("Load reads %s, which Variables does not list", name)
			}
			listed[name] = true
			return e.lookup(name)
		}, "")
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, read := range listed {
		if !read {
			t.Errorf("Variables lists %s, which Load does not read", name)
		}
	}
}
