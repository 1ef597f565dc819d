package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// development are the values that the cloud refuses.
var development = []string{
	config.LocalAPIKey, config.LocalLinkKey, config.LocalIDKey,
	config.LocalSendGridKey, config.LocalShopifySecret, config.LocalWooCommerceSecret,
}

// fromEnvironment is what the environment gives as a secret's value, "" for nothing.
func (p *program) fromEnvironment(s secret) (string, error) {
	v := strings.TrimSpace(p.variable(s.name))
	if slices.Contains(development, v) {
		return "", fmt.Errorf("the environment variable %s holds the value for development: set the real one, or unset it", s.name)
	}
	return v, nil
}

// checkSources fails if the value of a secret could come from nowhere, naming all.
func (p *program) checkSources(lacking []secret) error {
	var missing []string
	for _, s := range lacking {
		if s.generated() {
			continue
		}
		v, err := p.fromEnvironment(s)
		if err != nil {
			return err
		}
		if v == "" && !s.optional() && !s.agreed() && !p.interactive {
			missing = append(missing, s.name)
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("no value for %s: put it into the environment variable of that name, or run deploy apply in a terminal, which asks for it", strings.Join(missing, ", "))
}

// values finds a value for each secret; nothing is stored yet.
func (p *program) values(ctx context.Context, lacking []secret) (map[string]string, error) {
	all := map[string]string{}
	for _, s := range lacking {
		if s.generated() {
			all[s.name] = randomKey()
			continue
		}
		v, err := p.fromEnvironment(s)
		if err != nil {
			return nil, err
		}
		switch {
		case v == "" && s.agreed():
			v = randomKey()
		case v == "" && s.optional():
			v = noValue
		case v == "":
			if v, err = p.askSecret(ctx, s); err != nil {
				return nil, err
			}
		}
		all[s.name] = v
	}
	return all, nil
}

// askSecret asks a person for a value that is not shown.
func (p *program) askSecret(ctx context.Context, s secret) (string, error) {
	for {
		fmt.Fprintf(p.out, "value of %s (%s; it is not shown): ", s.name, s.key)
		v, err := p.readSecret(ctx)
		fmt.Fprintln(p.out)
		if err != nil {
			return "", err
		}
		switch v = strings.TrimSpace(v); {
		case v == "":
			fmt.Fprintln(p.out, "nothing was typed")
		case slices.Contains(development, v):
			fmt.Fprintln(p.out, "that is the value for development, which the cloud refuses")
		default:
			return v, nil
		}
	}
}

// randomKey is 32 random bytes in letters that every header and shell takes.
func randomKey() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// store adds the values as the secrets' first versions, and says so without them. A
// secret that somebody has given a value since the plan keeps it.
func (s *session) store(ctx context.Context, d *deployment, values map[string]string) error {
	for _, sec := range d.lacking() {
		added, err := s.addVersion(ctx, d.client, sec.name, values[sec.name])
		switch {
		case err != nil:
			return err
		case !added:
			fmt.Fprintf(s.out, "kept %s, which has got a value meanwhile\n", sec.name)
		case sec.key == "api_keys", sec.agreed() && strings.TrimSpace(s.variable(sec.name)) == "":
			fmt.Fprintf(s.out, "generated %s. It is shown by\n  gcloud secrets versions access latest --secret=%s --project=%s\n", sec.name, sec.name, d.project)
		case sec.generated():
			fmt.Fprintf(s.out, "generated %s\n", sec.name)
		case values[sec.name] == noValue:
			fmt.Fprintf(s.out, "%s holds nothing yet: deploy doctor -sendgrid-events sets up SendGrid's events\n", sec.name)
		default:
			fmt.Fprintf(s.out, "stored %s\n", sec.name)
		}
	}
	return nil
}

// pauses are how long to wait between the tries of a thing that fails because Google's
// parts learn of an API or a grant one after the other; attempts is how many there are.
var (
	pauses   = [...]time.Duration{30 * time.Second, 2 * time.Minute}
	attempts = len(pauses) + 1
)

// addVersion gives a secret its first version, unless it has one by now.
func (s *session) addVersion(ctx context.Context, client *cloud.Client, name, value string) (added bool, err error) {
	for attempt := 1; ; attempt++ {
		_, there, err := client.SecretState(ctx, name)
		if err == nil && !there {
			err = client.AddSecretVersion(ctx, name, []byte(value))
		}
		passes := errors.Is(err, cloud.ErrDisabled) || errors.Is(err, cloud.ErrNotFound) || s.granted && errors.Is(err, cloud.ErrDenied)
		if err == nil || !passes || attempt == attempts {
			return err == nil && !there, err
		}
		if err := s.pauseFor(ctx, attempt, err.Error()); err != nil {
			return false, err
		}
	}
}

// pauseFor waits, after a number of attempts, for Google to learn of what this run has
// made.
func (s *session) pauseFor(ctx context.Context, attempt int, why string) error {
	pause := pauses[attempt-1]
	why, _, _ = strings.Cut(why, "\n")
	fmt.Fprintf(s.out, "not there yet everywhere (%s): trying again in %s\n", shorten(why), pause)
	return s.wait(ctx, pause)
}
