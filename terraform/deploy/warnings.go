package main

import (
	"fmt"
	"net/url"
	"strings"
)

// warnings says what of a plan loses something that cannot be had again.
func warnings(changes []change) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, c := range changes {
		if c.deposed {
			continue
		}
		if base := c.deadLinks(); base != "" {
			add("links in the mails so far lead to %s, where nobody answers from now on: nobody can unsubscribe by them any more.", base)
		}
		switch {
		case c.kind == "google_firestore_database" && c.loses():
			add("the Firestore database %s goes with every checkout, order and suppression in it.", c.text("name"))
		case c.kind == "google_secret_manager_secret" && c.name == "kept" && c.loses():
			add("the secret %s goes. Without this key no suppression is ever found again: who has unsubscribed would get mail.", c.text("secret_id"))
		case c.kind == "google_secret_manager_secret" && c.loses() && strings.HasPrefix(c.label("comeback-key"), "link_keys"):
			add("the secret %s goes. Links that it signed stop working: nobody can unsubscribe by an old mail any more. Keep it under link_keys_retired.", c.text("secret_id"))
		case c.kind == "google_secret_manager_secret" && c.loses():
			add("the secret %s goes with all its versions.", c.text("secret_id"))
		case c.kind == "google_cloud_tasks_queue" && c.loses():
			add("the queue %s goes, and its waiting tasks are lost. Its name is blocked for about 7 days.", c.text("name"))
		case c.kind == "google_storage_bucket" && c.loses():
			add("the bucket %s goes with the source archives in it: there is nothing left to go back to.", c.text("name"))
		case c.kind == "google_cloudfunctions2_function" && c.Action == doReplace && c.name == "this" && strings.HasSuffix(c.text("name"), "-remind"):
			add("Remind is replaced. If its address changes, the waiting tasks call the old one: their reminders go out when the sweep finds them overdue.")
		case keptKind(c.kind) && protection(c.before) && c.Action == doChange && !protection(c.after):
			add("%s is not protected any more: a destroy would delete it.", c.Address)
		}
	}
	return all
}

// deadLinks is where the links of the mails so far lead, if a plan changes that and takes
// away what answers there; "" otherwise. Google's address goes on under a domain.
func (c change) deadLinks() string {
	was, is := linkBase(c.before), linkBase(c.after)
	google := strings.HasSuffix(host(was), ".cloudfunctions.net")
	if was == "" || is == "" || host(was) == host(is) || google && !strings.HasSuffix(host(is), ".cloudfunctions.net") {
		return ""
	}
	return was
}

// linkBase is what links to unsubscribe begin with, by a function that makes them.
func linkBase(function map[string]any) string {
	blocks, _ := function["service_config"].([]any)
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		variables, _ := block["environment_variables"].(map[string]any)
		base, _ := variables["COMEBACK_UNSUBSCRIBE_URL"].(string)
		return base
	}
	return ""
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// protection says whether a destroy leaves a resource there.
func protection(state map[string]any) bool { return state["deletion_policy"] == "ABANDON" }

// keptKind names the resources whose protection a person should hear about: not the many
// settings of fields.
func keptKind(kind string) bool {
	return kind == "google_firestore_database" || kind == "google_secret_manager_secret"
}

// notes says what else a plan means.
func notes(changes []change) []string {
	count := map[string]int{}
	for _, c := range changes {
		if c.kind == "google_cloudfunctions2_function" {
			count[c.Action]++
		}
	}
	var all []string
	if n := count[doChange]; n > 0 {
		all = append(all, many(n, "function starts", "functions start")+" anew; calls go to the version that there is until then.")
	}
	if n := count[doReplace]; n > 0 {
		all = append(all, many(n, "function is", "functions are")+" replaced: calls fail in between.")
	}
	return all
}

// many is a number with the words for one or several.
func many(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// report prints what a plan does and means.
func (p *program) report(changes []change, full bool) {
	p.table(p.out, changes, full)
	for _, w := range warnings(changes) {
		fmt.Fprintf(p.out, "%s %s\n", p.paint(red, "WARNING:"), w)
	}
	for _, n := range notes(changes) {
		fmt.Fprintf(p.out, "note: %s\n", n)
	}
}
