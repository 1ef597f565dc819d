package main

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Remind believes only tokens that the Cloud Tasks emulator signed, for it, in the
// tasks account's name. Promise 8.
func TestWhoMayCallRemind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	env := w.Config.Env
	token := func(account, audience string) string {
		s, err := w.Tasks.Token(account, audience)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := token(env.TasksAccount, env.RemindURL)
	parts := strings.Split(good, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	task := fmt.Sprintf(`{"v":1,"store":"default","checkout":%q,"generation":1,"step":0}`, recovery.CheckoutKey("default", "chk_7f3a91"))
	for name, tc := range map[string]struct {
		authorization string
		want          int
	}{
		"the emulator's token, too early": {"Bearer " + good, http.StatusTooEarly},
		"none":                            {"", 401},
		"the storefront's key":            {"Bearer local", 401},
		"another account":                 {"Bearer " + token(env.SchedulerAccount, env.RemindURL), 401},
		"another audience":                {"Bearer " + token(env.TasksAccount, env.SweepURL), 401},
		"a changed signature":             {"Bearer " + parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256)), 401},
		"no signature":                    {"Bearer " + unsigned, 401},
		"a signature removed, with no IAM in front": {"Bearer " + parts[0] + "." + parts[1] + ".SIGNATURE_REMOVED_BY_GOOGLE", 401},
	} {
		a := w.post(tc.want, "/tasks/remind", task, "Authorization", tc.authorization)
		if tc.want == 401 && strings.Contains(a.Raw, "eyJ") {
			t.Errorf("%s: the answer repeats the token", name)
		}
	}
	w.advance(2 * time.Hour)
	w.post(401, "/tasks/remind", task, "Authorization", "Bearer "+good) // it has expired
	w.wantMails(ana)
}

// A task whose body cannot be read is answered 200: trying again cannot help. One of
// a newer release waits for that release.
func TestOddTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, err := w.Tasks.Token(w.Config.Env.TasksAccount, w.Config.Env.RemindURL)
	if err != nil {
		t.Fatal(err)
	}
	for requestBody, want := range map[string]int{
		`{`: 200, `[]`: 200, `{"v":1}`: 200, `{"v":1,"store":"default","checkout":"gone","generation":1,"step":0}`: 200,
		`{"v":2,"store":"default","checkout":"x","generation":1,"step":0}`: 500,
	} {
		w.post(want, "/tasks/remind", requestBody, "Authorization", "Bearer "+token)
	}
	w.wantMails()
}

// asFunction makes this test binary serve one function through the framework, as a
// deployed one does: configured by its environment, alone on its address.
const asFunction = "COMEBACK_TEST_AS_FUNCTION"

func serveFunction() {
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Every function is registered under its name, and answers the same at the root,
// under its local path and under a prefix.
func TestFunctionsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range functions.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := startFunction(t, w, name)
			alone := &world{t, &System{FunctionsURL: base}}
			for i, path := range map[string][]string{
				"Checkout": {"/", "/checkout", "/shop/v1/checkout", "/Checkout"},
				"Order":    {"/", "/order", "/shop/v1/order"},
				"Remind":   {"/", "/tasks/remind", "/shop/tasks/remind"},
				"Sweep":    {"/", "/tasks/sweep", "/shop/tasks/sweep"},
			}[name] {
				switch name {
				case "Checkout":
					alone.post(http.StatusCreated, path, fmt.Sprintf(`{"email":"alone%d@example.net"}`, i))
				case "Order":
					alone.post(http.StatusOK, path, sample(t, "order.json"))
				default:
					alone.post(http.StatusUnauthorized, path, `{}`)
				}
			}
			if name == "Checkout" {
				alone.post(http.StatusCreated, "/api/checkout", sample(t, "legacy-checkout.json"))
			}
		})
	}
}

func startFunction(t *testing.T, w *world, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asFunction+"=1", "FUNCTION_TARGET="+name)
	for k, v := range w.environment().vars {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "CLOUD_TASKS_EMULATOR_HOST="+w.Tasks.Addr().String(), "COMEBACK_SENDGRID_HOST=http://"+w.SendGrid.Addr().String())
	address := quietAddress(t)
	_, port, _ := net.SplitHostPort(address)
	cmd.Env = append(cmd.Env, "PORT="+port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	})
	for { // until the framework listens
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return "http://" + address
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("function %s ended: %v", name, err)
		default:
		}
	}
}

// A deployed function refuses to start with an emulator's address or another issuer.
// Promise 8.
func TestCloudRefusesEmulators(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asFunction+"=1", "FUNCTION_TARGET=Remind", "K_SERVICE=remind",
		"FIRESTORE_EMULATOR_HOST=127.0.0.1:1", "COMEBACK_OIDC_ISSUER=https://issuer.example.net")
	output, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it started")
	}
	for _, want := range []string{"FIRESTORE_EMULATOR_HOST", "COMEBACK_OIDC_ISSUER", "stores.default.consent"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the faults do not name %s:\n%s", want, output)
		}
	}
}
