package main

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// keysPath is where the functions' server offers the public keys of the tokens that
// the Cloud Tasks emulator signs, and issuer is whom they name.
const (
	keysPath = "/.well-known/jwks.json"
	issuer   = "http://tasks.comeback.local"
)

// environment stands in front of the process's own: what Terraform would tell the
// functions about their surroundings.
type environment struct {
	vars map[string]string
	next func(string) (string, bool)
}

func (e environment) lookup(name string) (string, bool) {
	if v, ok := e.vars[name]; ok {
		return v, true
	}
	return e.next(name)
}

func (s *System) environment() environment {
	env := environment{vars: map[string]string{}, next: s.o.Lookup}
	if s.Firestore != nil {
		env.vars["FIRESTORE_EMULATOR_HOST"] = s.Firestore.Addr().String()
	}
	if s.FunctionsURL == "" {
		return env
	}
	maps.Copy(env.vars, map[string]string{
		"COMEBACK_REMIND_URL":      s.FunctionsURL + "/tasks/remind",
		"COMEBACK_SWEEP_URL":       s.FunctionsURL + "/tasks/sweep",
		"COMEBACK_RECOVER_URL":     s.FunctionsURL + "/r",
		"COMEBACK_UNSUBSCRIBE_URL": s.FunctionsURL + "/u",
	})
	if s.o.CloudTasks != Off {
		env.vars["COMEBACK_OIDC_ISSUER"] = issuer
		env.vars["COMEBACK_OIDC_KEYS_URL"] = s.FunctionsURL + keysPath
	}
	return env
}

// complete returns an error where a part is off and nothing says where it is
// instead: the functions would reach for the real service.
func (e environment) complete(o Options) error {
	if o.Functions == Off {
		return nil
	}
	var errs []error
	for _, part := range []struct{ flag, address, variable, otherwise string }{
		{"-firestore", o.Firestore, "FIRESTORE_EMULATOR_HOST", ""},
		{"-cloudtasks", o.CloudTasks, "CLOUD_TASKS_EMULATOR_HOST", ""},
		{"-sendgrid", o.SendGrid, "COMEBACK_SENDGRID_HOST", "SENDGRID_API_KEY"},
	} {
		if part.address != Off || e.has(part.variable) || part.otherwise != "" && e.has(part.otherwise) {
			continue
		}
		advice := "set " + part.variable + " to where it is"
		if part.otherwise != "" {
			advice += ", or " + part.otherwise + " to use the service itself"
		}
		errs = append(errs, fmt.Errorf("%s off: %s", part.flag, advice))
	}
	return errors.Join(errs...)
}

func (e environment) has(name string) bool {
	v, ok := e.lookup(name)
	return ok && v != ""
}

// queueRates and queueRetries are those that Terraform gives the queue: the most that
// the service allows, and retries from 10 s to 10 min, doubling, for 24 h.
var (
	queueRates   = &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 500, MaxConcurrentDispatches: 1000}
	queueRetries = &cloudtaskspb.RetryConfig{
		MaxAttempts: 100, MaxRetryDuration: durationpb.New(24 * time.Hour),
		MinBackoff: durationpb.New(10 * time.Second), MaxBackoff: durationpb.New(10 * time.Minute), MaxDoublings: 16,
	}
)
