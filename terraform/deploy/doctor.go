package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

const doctorAbout = `Looks whether a project, the SendGrid accounts and the shop systems are ready for a
deployment, whether the functions answer, and says what to do where they do not. It
changes nothing, but with -sendgrid-events.

Keys and secrets are taken from the environment variables that the configuration file
names, else from Secret Manager. A SendGrid key that may only send, as it should, cannot look
up senders and event webhooks: set SENDGRID_ADMIN_KEY to one with full access for this
one call.

-sendgrid-events sets up SendGrid's signed event webhook, which needs SENDGRID_ADMIN_KEY
too, and prints the command that stores its public key.

The exit status is 1 if anything is marked FAIL.`

// The marks of a finding.
const (
	markOK      = "ok"
	markWarning = "warning"
	markFail    = "FAIL"
)

// finding is what one check found.
type finding struct {
	Check  string `json:"check"`
	Mark   string `json:"mark"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"`
}

func fine(format string, args ...any) finding {
	return finding{Mark: markOK, Detail: fmt.Sprintf(format, args...)}
}

func doubt(format string, args ...any) finding {
	return finding{Mark: markWarning, Detail: fmt.Sprintf(format, args...)}
}

func bad(format string, args ...any) finding {
	return finding{Mark: markFail, Detail: fmt.Sprintf(format, args...)}
}

// advise adds what to do about it.
func (f finding) advise(format string, args ...any) finding {
	f.Advice = fmt.Sprintf(format, args...)
	return f
}

// examination is one run of doctor.
type examination struct {
	*program
	project, region string
	only            string // the store whose webhook is set up; "" for the one there is
	shop            *shop  // nil without a configuration
	cloud           *cloud.Client
	number          int64 // the project's

	json     bool
	findings []finding
}

// doctor is the command.
func (p *program) doctor(ctx context.Context, args []string) error {
	o := newOptions("doctor", doctorAbout)
	x := &examination{program: p}
	events := false
	o.StringVar(&o.config, "config", "", "the `path` of comeback.yaml; without one SendGrid is not looked at")
	o.StringVar(&o.region, "region", "us-central1", "the `region` of the deployment")
	o.BoolVar(&x.json, "json", false, "print the findings as JSON")
	o.BoolVar(&events, "sendgrid-events", false, "set up SendGrid's signed event webhook")
	o.StringVar(&x.only, "store", "", "the `store` whose webhook is set up, where stores have several accounts")
	if err := o.parse(p, args); err != nil {
		return err
	}
	if o.project == "" {
		return errors.New("want -project, the project's ID")
	}
	if events && o.config == "" {
		return errors.New("-sendgrid-events: want -config too: it says which account and which secret")
	}
	x.project, x.region = o.project, o.region
	if o.config != "" {
		var err error
		if x.shop, err = readShop(o.config); err != nil {
			return err
		}
	}
	x.examineCloud(ctx)
	x.examineFunctions(ctx)
	if x.shop != nil {
		x.examineSendGrid(ctx)
		x.examineShops(ctx)
	}
	switch {
	case events:
		x.setUpEvents(ctx, o)
	case x.shop != nil:
		x.examineEvents(ctx)
	}
	return x.conclude()
}

// found notes what a check found, and prints it.
func (x *examination) found(check string, f finding) {
	f.Check = check
	x.findings = append(x.findings, f)
	if x.json {
		return
	}
	fmt.Fprintf(x.out, "%-8s %-22s %s\n", f.Mark, f.Check, f.Detail)
	if f.Advice != "" {
		fmt.Fprintf(x.out, "%-8s %-22s → %s\n", "", "", f.Advice)
	}
}

// conclude ends the run, with the exit status that the findings make.
func (x *examination) conclude() error {
	failed := 0
	for _, f := range x.findings {
		if f.Mark == markFail {
			failed++
		}
	}
	switch {
	case x.json:
		if err := x.printJSON(x.out, failed == 0); err != nil {
			return err
		}
	case failed > 0:
		fmt.Fprintf(x.out, "\n%d of %d checks failed\n", failed, len(x.findings))
	}
	if failed > 0 {
		return exit{code: exitError}
	}
	return nil
}

func (x *examination) printJSON(w io.Writer, good bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		OK       bool      `json:"ok"`
		Project  string    `json:"project"`
		Findings []finding `json:"findings"`
	}{good, x.project, x.findings})
}
