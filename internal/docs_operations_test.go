package internal_test

import (
	"regexp"
	"strings"
	"testing"
)

// sections are the page's parts, by heading: a part of level 3 is one of its own.
func sections(text string) map[string]string {
	parts := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^###? `).Split(text, -1)[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		parts[heading] = body
	}
	return parts
}

// Each alarm, each way in which a reminder can fail or stay unknown, a purge, a bad
// template and the emergency stop have a section that says what to look at and to do.
func TestOperationsSections(t *testing.T) {
	t.Parallel()
	parts := sections(page(t, "docs/operations.md"))
	want := []string{
		"A reminder was skipped", "A reminder has failed", "A reminder is unknown",
		"unknown: no clear answer", "unknown: the claim ran out", "unknown: events are missing", "unknown: tried once more",
		"The queue was purged", "A bad template went out", "Emergency stop",
	}
	for _, m := range regexp.MustCompile(`heading += "(.+)"`).FindAllStringSubmatch(page(t, "terraform/alerts.tf"), -1) {
		want = append(want, m[1])
	}
	for _, reason := range reasons(t) {
		if reason == "rejected" || reason == "provider" {
			want = append(want, "failed: "+reason)
		}
	}
	if len(want) < 10+7+2 {
		t.Fatalf("got %d sections to look for, want those of the alarms and failures too", len(want))
	}
	for _, heading := range want {
		body, ok := parts[heading]
		if !ok {
			t.Errorf("docs/operations.md has no section %q", heading)
			continue
		}
		for _, part := range []string{"**What it means.**", "**Look at**", "**Do"} {
			if !strings.Contains(body, part) {
				t.Errorf("docs/operations.md, %q, lacks %s", heading, part)
			}
		}
	}
}

func reasons(t *testing.T) []string {
	t.Helper()
	return constants(t, "recovery/checkout.go", "Reason")
}

// A person who finds a reason on a reminder finds it on the page.
func TestReasonsAreDocumented(t *testing.T) {
	t.Parallel()
	text := page(t, "docs/operations.md")
	skipped := sections(text)["A reminder was skipped"]
	for _, reason := range reasons(t) {
		row := regexp.MustCompile("(?m)^\\|[^|]*`" + reason + "`")
		if reason != "rejected" && reason != "provider" && !row.MatchString(skipped) {
			t.Errorf("docs/operations.md, “A reminder was skipped”, lacks the reason %s", reason)
		}
	}
}

// Each chart of the dashboard is explained.
func TestChartsAreDocumented(t *testing.T) {
	t.Parallel()
	text := page(t, "docs/operations.md")
	charts := regexp.MustCompile(`(?m)^    "([^"(]+?)(?: \([^"]*\))?" += \[`).FindAllStringSubmatch(page(t, "terraform/dashboard.tf"), -1)
	if len(charts) == 0 {
		t.Fatal("terraform/dashboard.tf has no charts")
	}
	for _, m := range charts {
		if !strings.Contains(text, "\n| "+m[1]+" |") {
			t.Errorf("docs/operations.md does not explain the chart %q", m[1])
		}
	}
}

// The pages promise no command that there is not.
func TestCommandsOfPages(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t\t\{"([a-z]+)", "`).FindAllStringSubmatch(page(t, "terraform/deploy/commands.go"), -1) {
		there[m[1]] = true
	}
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(page(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	for _, path := range []string{"README.md", "docs/operations.md", "docs/reliability.md", "docs/deploy.md"} {
		text := page(t, path)
		for _, m := range regexp.MustCompile(`go run \./terraform/deploy ([a-z]+)`).FindAllStringSubmatch(text, -1) {
			if !there[m[1]] {
				t.Errorf("%s names the deploy command %s, which there is not", path, m[1])
			}
		}
		for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)").FindAllStringSubmatch(text, -1) {
			if !targets[m[1]] {
				t.Errorf("%s names the target make %s, which there is not", path, m[1])
			}
		}
	}
}
