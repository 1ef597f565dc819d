package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// message is a line of terraform's -json output, as far as it is of use here.
type message struct {
	Type       string      `json:"type"`
	Diagnostic *diagnostic `json:"diagnostic"`
	Hook       struct {
		Action   string  `json:"action"`
		Elapsed  float64 `json:"elapsed_seconds"`
		Resource struct {
			Addr string `json:"addr"`
			Type string `json:"resource_type"`
		} `json:"resource"`
	} `json:"hook"`
}

// diagnostic is what Terraform complains of. Its snippets are left out: they show
// values.
type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
}

func (d diagnostic) text() string { return d.Summary + "\n" + d.Detail }

// grants says that something was begun that Google needs a while to know everywhere.
func (m message) grants() bool {
	kind := m.Hook.Resource.Type
	return (m.Type == "apply_complete" || m.Type == "apply_start") && m.Hook.Action == "create" &&
		(kind == "google_project_service" || kind == "google_service_account" || strings.HasSuffix(kind, "_iam_member"))
}

// ui reads terraform's -json output, line by line.
type ui struct {
	each   func(message) // called with every message; may be nil
	faults []diagnostic  // the errors, each once

	rest []byte
}

// Write never fails: a line that is no JSON is none of Terraform's messages.
func (u *ui) Write(b []byte) (int, error) {
	u.rest = append(u.rest, b...)
	for {
		line, rest, ok := bytes.Cut(u.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		u.rest = rest
		u.line(line)
	}
}

func (u *ui) line(line []byte) {
	var m message
	if json.Unmarshal(line, &m) != nil {
		return
	}
	if d := m.Diagnostic; d != nil && d.Severity == "error" && !slices.Contains(u.faults, *d) {
		u.faults = append(u.faults, *d)
	}
	if u.each != nil {
		u.each(m)
	}
}

// frame is what Terraform draws around a diagnostic that it prints for a person.
var frame = regexp.MustCompile(`(?m)^[╷│╵ ]+`)

// textDiagnostics reads the errors of a command that has no -json output.
func textDiagnostics(err error) []diagnostic {
	var all []diagnostic
	for _, block := range regexp.MustCompile(`(?m)^(?:[╷│╵ ]*)Error: `).Split(err.Error(), -1)[1:] {
		block, _, _ = strings.Cut(block, "\n╵")
		summary, detail, _ := strings.Cut(strings.TrimSpace(frame.ReplaceAllString(block, "")), "\n")
		all = append(all, diagnostic{Severity: "error", Summary: summary, Detail: strings.TrimSpace(detail)})
	}
	if all == nil {
		all = []diagnostic{{Severity: "error", Summary: strings.TrimSpace(err.Error())}}
	}
	return all
}
