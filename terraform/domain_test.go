package terraform_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/comeback-checkout/comeback/terraform/tftest"
)

// Behind a domain each function has its paths, and the Identity-Aware Proxy stands in
// front of those alone that ask for it.
func TestDomain(t *testing.T) {
	t.Parallel()
	w := tftest.New(t)
	w.Add("terraform/testdata/iap/main.tf")
	tf := w.Terraform("terraform/testdata/iap")
	file := w.Path("plan")
	if _, err := tf.Plan(t.Context(), tfexec.Out(file)); err != nil {
		t.Fatal(err)
	}
	plan, err := tf.ShowPlanFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	p := planned{t, plan}
	proxied := map[string]bool{}
	for _, b := range p.all("google_compute_backend_service") {
		proxied[b.text("name")] = b.text("iap", "enabled") == "true"
	}
	if diff := cmp.Diff(map[string]bool{"comeback-checkout": false, "comeback-dashboard": true}, proxied); diff != "" {
		t.Errorf("who is behind the proxy: want (-), got (+):\n%s", diff)
	}
	for _, g := range p.all("google_iap_web_backend_service_iam_member") {
		got := []string{g.text("web_backend_service"), g.text("role"), g.text("member")}
		if diff := cmp.Diff([]string{"comeback-dashboard", "roles/iap.httpsResourceAccessor", "group:shop@example.com"}, got); diff != "" {
			t.Errorf("who may pass: want (-), got (+):\n%s", diff)
		}
	}
	var paths []string
	for _, m := range p.all("google_compute_url_map") {
		for _, rule := range m.block("path_matcher").blocks("path_rule") {
			list, _ := rule["paths"].([]any)
			for _, path := range list {
				paths = append(paths, path.(string))
			}
		}
	}
	slices.Sort(paths)
	if diff := cmp.Diff([]string{"/checkout", "/checkout/", "/dashboard", "/dashboard/", "/dashboard/*"}, paths); diff != "" {
		t.Errorf("the paths: want (-), got (+):\n%s", diff)
	}
}
