package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Env is what the environment says of the deployment. See [Variables].
type Env struct {
	Project, Database string
	Queues            []string // full names, Config.Queues of them
	// The functions' addresses: RemindURL is the tasks' target and audience, SweepURL
	// an audience, the other two are bases of links.
	RemindURL, SweepURL, RecoverURL, UnsubscribeURL string
	TasksAccount, SchedulerAccount                  string // service accounts that call Remind and Sweep
	CallerCheck                                     string // "iam" or ""
	OIDCIssuer, OIDCKeysURL                         string

	// Set on one machine only; "" stands for the service itself.
	FirestoreEmulatorHost, CloudTasksEmulatorHost string
	SendGridHost                                  string // with its scheme

	KService, FunctionTarget string // set by Cloud Run functions
	LogLevel                 slog.Level
}

// CallerCheckIAM says whether Cloud Run's IAM stands in front of the function and has
// checked the signature of its caller's token.
func (e Env) CallerCheckIAM() bool { return e.KService != "" && e.CallerCheck == "iam" }

const (
	googleIssuer  = "https://accounts.google.com"
	googleKeysURL = "https://www.googleapis.com/oauth2/v3/certs"

	localProject = "comeback-local"
	localHost    = "http://127.0.0.1:8080"
)

var (
	projectID  = matching(regexp.MustCompile(`^[a-z][a-z0-9.:-]*[a-z0-9]$`), "want a project's ID such as my-shop-123")
	databaseID = matching(regexp.MustCompile(`^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$`), "want a Firestore database's ID such as comeback")
	queueForm  = regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100}$`)
)

func (l *loader) env(queues int) Env {
	url := webURL
	if l.cloud {
		url = httpsURL
	}
	e := Env{
		Database:         value(l, varDatabase, "comeback", databaseID),
		RemindURL:        value(l, varRemindURL, l.local(localHost+"/tasks/remind"), url),
		SweepURL:         value(l, varSweepURL, l.local(localHost+"/tasks/sweep"), url),
		RecoverURL:       value(l, varRecoverURL, l.local(localHost+"/r"), url),
		UnsubscribeURL:   value(l, varUnsubscribeURL, l.local(localHost+"/u"), url),
		TasksAccount:     value(l, varTasksAccount, l.local("tasks@"+localProject+".iam.gserviceaccount.com"), emailAddress),
		SchedulerAccount: value(l, varSchedulerAccount, l.local("scheduler@"+localProject+".iam.gserviceaccount.com"), emailAddress),
		CallerCheck:      value(l, varCallerCheck, "", oneOf("iam")),
		OIDCIssuer:       value(l, varOIDCIssuer, googleIssuer, webURL),
		OIDCKeysURL:      value(l, varOIDCKeysURL, googleKeysURL, webURL),

		FirestoreEmulatorHost:  l.variable(varFirestoreEmulator),
		CloudTasksEmulatorHost: l.variable(varCloudTasksEmulator),
		SendGridHost:           value(l, varSendGridHost, "", webURL),

		KService:       l.variable(varKService),
		FunctionTarget: l.variable(varFunctionTarget),
		LogLevel:       value(l, varLogLevel, slog.LevelInfo, logLevel),
	}
	e.Project = l.project()
	e.Queues = value(l, varQueues, l.localQueues(e.Project, queues), queueNames(queues))
	if l.cloud {
		l.refuseStandIns(e)
	}
	return e
}

// value gives what parse makes of a variable, or fallback if it is not set. In the
// cloud it is a fault if the function cannot work without it.
func value[T any](l *loader, name string, fallback T, parse func(string) (T, error)) T {
	s := l.variable(name)
	if s == "" && (!l.cloud || !l.needs(name)) {
		return fallback
	}
	v, err := parse(s)
	switch {
	case err != nil && s == "":
		l.add(name, "missing", err.Error())
	case err != nil:
		l.add(name, quote(s), err.Error())
	}
	return v
}

// local is a default that holds on one machine only.
func (l *loader) local(fallback string) string {
	if l.cloud {
		return ""
	}
	return fallback
}

func (l *loader) project() string {
	name := varProject
	if l.variable(name) == "" && l.variable(varGoogleProject) != "" {
		name = varGoogleProject
	}
	p := value(l, name, l.local(localProject), projectID)
	if p == "" && l.variable(name) == "" {
		l.add(name, "missing", "want the project's ID")
	}
	return p
}

// localQueues names the queues of one machine. As in the cloud, the names of several
// are not contiguous: Cloud Tasks warms a contiguous run as one.
func (l *loader) localQueues(project string, n int) []string {
	if l.cloud {
		return nil
	}
	names := []string{"projects/" + project + "/locations/local-1/queues/reminders"}
	for i := 1; i < n; i++ {
		hash := sha256.Sum256(fmt.Appendf(nil, "reminders-%d", i))
		names = append(names, fmt.Sprintf("%s-%x", names[0], hash[:4]))
	}
	return names
}

// maxQueues is the most task queues that there may be.
const maxQueues = 32

// queueNames wants n names, or any number that is allowed where n is 0.
func queueNames(n int) func(string) ([]string, error) {
	number := strconv.Itoa(n)
	if n == 0 {
		number = fmt.Sprintf("1 to %d", maxQueues)
	}
	return func(s string) ([]string, error) {
		list := strings.Split(s, ",")
		for i, name := range list {
			list[i] = strings.TrimSpace(name)
			if !queueForm.MatchString(list[i]) || slices.Contains(list[:i], list[i]) {
				return nil, fmt.Errorf("want %s different full names like projects/P/locations/L/queues/Q, with commas between", number)
			}
		}
		switch {
		case n == 0 && len(list) > maxQueues:
			return nil, fmt.Errorf("want %s names", number)
		case n != 0 && len(list) != n:
			return nil, fmt.Errorf("want as many names as the file says under queues (%d)", n)
		}
		return list, nil
	}
}

func logLevel(s string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.TrimSuffix(strings.ToUpper(s), "ING"))); err != nil {
		return level, errors.New("want DEBUG, INFO, WARNING or ERROR")
	}
	return level, nil
}

// refuseStandIns keeps a deployed function from working with anything but the
// services themselves: an emulator takes every caller, another issuer could name
// itself Cloud Tasks.
func (l *loader) refuseStandIns(e Env) {
	for _, name := range []string{varFirestoreEmulator, varCloudTasksEmulator, varSendGridHost, varSendGridEventsKey} {
		if v := l.variable(name); v != "" {
			l.add(name, quote(v), "want it unset: "+varKService+" says that this is the cloud, and it is for one machine only")
		}
	}
	if e.OIDCIssuer != googleIssuer {
		l.add(varOIDCIssuer, quote(l.variable(varOIDCIssuer)), "want "+googleIssuer+", or unset, in the cloud")
	}
	if e.OIDCKeysURL != googleKeysURL {
		l.add(varOIDCKeysURL, quote(l.variable(varOIDCKeysURL)), "want "+googleKeysURL+", or unset, in the cloud")
	}
}
