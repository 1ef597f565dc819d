package terraform_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"
)

// alerts holds that each alert leads to a heading of the operator's page and to the
// address that was given, and asks for metrics that there are.
func (p planned) alerts() {
	p.Helper()
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		p.Fatal(err)
	}
	metrics := map[string]bool{}
	for _, m := range p.all("google_logging_metric") {
		metrics[m.text("name")] = true
	}
	for address, policy := range p.all("google_monitoring_alert_policy") {
		heading := strings.TrimPrefix(policy.text("display_name"), "Comeback: ")
		if !strings.Contains(policy.text("documentation", "content"), heading) || !strings.Contains(string(page), "\n## "+heading+"\n") {
			p.Errorf("%s: its documentation names no heading of docs/operations.md", address)
		}
		for _, c := range policy.blocks("conditions") {
			if c.text("condition_prometheus_query_language", "disable_metric_validation") != "true" {
				p.Errorf("%s: %s would be refused before its metric has a series", address, c.text("display_name"))
			}
			for _, name := range ownMetrics(c.text("condition_prometheus_query_language", "query")) {
				if !metrics[name] {
					p.Errorf("%s asks for %s, which is no metric of ours", address, name)
				}
			}
		}
	}
	for address, dashboard := range p.all("google_monitoring_dashboard") {
		if strings.Contains(dashboard.text("dashboard_json"), `Pos":0`) {
			p.Errorf("%s: the service leaves positions of 0 out, and every plan would put them in again", address)
		}
	}
	p.told()
}

// told holds that somebody hears of every alert. The channel's name is known once it is
// made: a plan says only that each alert will have one.
func (p planned) told() {
	p.Helper()
	for address, channel := range p.all("google_monitoring_notification_channel") {
		if got, want := channel.text("labels", "email_address"), fmt.Sprint(p.plan.Variables["alert_email"].Value); got != want {
			p.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	for _, c := range p.plan.ResourceChanges {
		if c.Type != "google_monitoring_alert_policy" || c.Mode != tfjson.ManagedResourceMode {
			continue
		}
		unknown, _ := c.Change.AfterUnknown.(map[string]any)
		if channels, _ := unknown["notification_channels"].([]any); len(channels) != 1 {
			p.Errorf("%s: got %d channels that are still to be made, want the e-mail's", c.Address, len(channels))
		}
	}
}

// ownMetrics lists the log-based metrics that a PromQL query names.
func ownMetrics(query string) []string {
	var names []string
	for _, part := range strings.Split(query, "logging_googleapis_com:user_")[1:] {
		name, _, _ := strings.Cut(part, "{")
		for _, series := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, series)
		}
		names = append(names, name)
	}
	return names
}

// lines are log lines as functions/log_test.go holds them, with what the metrics make of
// each: the metric's name, its labels' values, and the value if it is not a mere count.
var lines = []struct {
	line string
	want []string
}{
	{`{"message":"request","function":"Remind","status":200,"state":"sent","late_ms":1234,"mail":"accepted","store":"default"}`, []string{"late_ms 1234", "mail accepted default", "reminders sent"}},
	{`{"message":"request","function":"Remind","status":200,"state":"skipped","reason":"ordered","late_ms":0}`, []string{"late_ms 0", "reminders ordered skipped"}},
	{`{"message":"request","function":"Remind","status":200,"state":"failed","reason":"rejected","late_ms":5,"mail":"rejected"}`, []string{"late_ms 5", "mail rejected", "reminders rejected failed"}},
	{`{"message":"request","function":"Remind","status":200,"state":"unknown"}`, []string{"reminders unknown"}},
	{`{"message":"request","function":"Remind","status":503,"state":"scheduled","late_ms":5,"mail":"overload"}`, []string{"mail overload", "remind_errors 503"}},
	{`{"message":"request","function":"Remind","status":500,"error":"claim: lost"}`, []string{"remind_errors 500"}},
	{`{"message":"request","function":"Remind","status":409,"outcome":"busy"}`, nil},
	{`{"message":"request","function":"Sweep","status":200,"checkouts":3,"enqueued":4,"lag_ms":5}`, []string{"backlog 3", "sweeps"}},
	{`{"message":"request","function":"Sweep","status":500,"checkouts":3}`, nil},
	{`{"message":"request","function":"Checkout","status":500}`, []string{"calls Checkout 500"}},
	{`{"message":"request","function":"Order","status":200,"store":"default","outcome":"recorded","order":"h","matched":1}`, []string{"calls Order recorded 200 default"}},
	{`{"message":"request","function":"Shopify","status":200,"store":"default","outcome":"created","topic":"checkouts/create","checkout":"h","generation":1}`, []string{"calls Shopify created 200 default"}},
	{`{"message":"request","function":"Shopify","status":401,"error":"not authorized: a shop of no store"}`, []string{"calls Shopify 401"}},
	{`{"message":"request","function":"WooCommerce","status":200,"store":"default","outcome":"reversed","topic":"order.updated","order":"h","refunds":1}`, []string{"calls WooCommerce reversed 200 default"}},
	{`{"message":"request","function":"SendGridEvents","status":200,"outcome":"recorded","recorded":5,"settled":1,"suppressed":2,"ignored":3}`, []string{"calls SendGridEvents recorded 200", "events 5", "settled 1", "suppressed 2"}},
	{`{"message":"request","function":"SendGridEvents","status":401,"error":"unauthorized"}`, []string{"calls SendGridEvents 401"}},
	{`{"message":"request","function":"Recover","status":302,"store":"default","outcome":"back","checkout":"h","reminder":"1-0","noted":true}`, []string{"links Recover true back"}},
	{`{"message":"request","function":"Unsubscribe","status":200,"store":"default","outcome":"unsubscribed","checkout":"h","reminder":"1-0"}`, []string{"links Unsubscribe unsubscribed"}},
	{`{"message":"request","function":"Privacy","status":200,"store":"default","outcome":"erased"}`, nil},
	{`{"message":"heard","store":"default","source":"Order","silent_ms":60}`, []string{"silent_ms Order default 60"}},
	{`{"message":"cannot start","error":"no key"}`, []string{"start_failures"}},
	{`{"message":"task not enqueued, left to the sweep"}`, nil},
}

// metrics holds which lines each metric counts, of Comeback's own services alone, and by
// which fields.
func (p planned) metrics() {
	p.Helper()
	all := p.all("google_logging_metric")
	counted := map[string]bool{}
	for _, l := range lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(l.line), &line); err != nil {
			p.Fatal(err)
		}
		var got []string
		for _, m := range all {
			if p.counts(m, "another-service", line) {
				p.Errorf("%s counts lines of every service", m.text("name"))
			}
			if p.counts(m, "comeback-remind", line) {
				got = append(got, m.counted(line)...)
				counted[m.text("name")] = true
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(l.want, got); diff != "" {
			p.Errorf("what is made of the line %s: want (-), got (+):\n%s", l.line, diff)
		}
	}
	logs, err := os.ReadFile("../docs/logs.md")
	if err != nil {
		p.Fatal(err)
	}
	for _, m := range all {
		if !counted[m.text("name")] {
			p.Errorf("no line counts for %s", m.text("name"))
		}
		for _, field := range logFields.FindAllStringSubmatch(fmt.Sprint(m["filter"], m["label_extractors"], m["value_extractor"]), -1) {
			if field[1] != "message" && !strings.Contains(string(logs), "`"+field[1]+"`") {
				p.Errorf("%s reads the field %s, which docs/logs.md does not know", m.text("name"), field[1])
			}
		}
	}
}

// logFields are the fields of log lines that a metric reads.
var logFields = regexp.MustCompile(`jsonPayload\.([a-z_]+)`)

// filterTerm is what Comeback uses of Cloud Logging's language: terms joined by AND.
var filterTerm = regexp.MustCompile(`^(?:jsonPayload|resource)\.([\w.]+)(=~|>=|=|:)(.+)$`)

// counts says whether a line of the service passes the metric's filter.
func (p planned) counts(m object, service string, line map[string]any) bool {
	p.Helper()
	fields := maps.Clone(line)
	fields["type"], fields["labels.service_name"] = "cloud_run_revision", service
	for _, term := range strings.Split(m.text("filter"), " AND ") {
		part := filterTerm.FindStringSubmatch(term)
		if part == nil {
			p.Fatalf("%s: this test does not know the term %s", m.text("name"), term)
		}
		v, there := fields[part[1]]
		got, want := fmt.Sprint(v), part[3]
		passes := there
		switch part[2] {
		case "=~":
			passes = passes && regexp.MustCompile(strings.Trim(want, `"`)).MatchString(got)
		case ">=":
			number, _ := v.(float64)
			least, err := strconv.ParseFloat(want, 64)
			passes = passes && err == nil && number >= least
		case "=":
			want = strings.NewReplacer(`"`, "", "(", "", ")", "").Replace(want)
			passes = passes && slices.Contains(strings.Split(want, " OR "), got)
		}
		if !passes {
			return false
		}
	}
	return true
}

// counted is what the metric makes of a line that passes, as in lines; nothing where
// the line lacks its value.
func (o object) counted(line map[string]any) []string {
	extract := func(extractor any) string {
		field := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(extractor), "EXTRACT(jsonPayload."), ")")
		if v, there := line[field]; there {
			return fmt.Sprint(v)
		}
		return ""
	}
	words := []string{strings.TrimPrefix(o.text("name"), "comeback_")}
	labels, _ := o["label_extractors"].(map[string]any)
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		if v := extract(labels[label]); v != "" {
			words = append(words, v)
		}
	}
	if o.text("metric_descriptor", "value_type") == "DISTRIBUTION" {
		v := extract(o["value_extractor"])
		if v == "" {
			return nil
		}
		words = append(words, v)
	}
	return []string{strings.Join(words, " ")}
}
