package terraform_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/terraform"
)

// The data are protected, and what a deployment may lose is not.
func (p planned) data() {
	p.Helper()
	for _, db := range p.all("google_firestore_database") {
		got := []string{db.text("name"), db.text("type"), db.text("point_in_time_recovery_enablement"), db.text("delete_protection_state"), db.text("deletion_policy")}
		want := []string{"comeback", "FIRESTORE_NATIVE", "POINT_IN_TIME_RECOVERY_ENABLED", "DELETE_PROTECTION_ENABLED", "ABANDON"}
		if diff := cmp.Diff(want, got); diff != "" {
			p.Errorf("the database: want (-), got (+):\n%s", diff)
		}
	}
	for _, s := range p.all("google_secret_manager_secret") {
		key := s.text("labels", "comeback-key")
		if kept := s.text("deletion_policy") == "ABANDON"; kept != (key == "id_key") {
			p.Errorf("the secret %s (%s): kept is %v", s.text("secret_id"), key, kept)
		}
	}
}

// The indexes, exemptions and TTL fields are those that the Firestore emulator enforces:
// both read one file.
func (p planned) firestore() {
	p.Helper()
	var file struct {
		Indexes []struct {
			CollectionGroup, QueryScope string
			Fields                      []struct{ FieldPath, Order string }
		}
		FieldOverrides []struct {
			CollectionGroup, FieldPath string
			TTL                        bool
		}
	}
	if err := json.Unmarshal(terraform.Indexes, &file); err != nil {
		p.Fatal(err)
	}
	var want, got []string
	for _, index := range file.Indexes {
		want = append(want, fmt.Sprint(index.CollectionGroup, index.QueryScope, index.Fields))
	}
	for _, o := range file.FieldOverrides {
		want = append(want, fmt.Sprint(o.CollectionGroup, o.FieldPath, "no index", o.TTL))
	}
	for _, index := range p.all("google_firestore_index") {
		var fields []struct{ FieldPath, Order string }
		for _, f := range index.blocks("fields") {
			fields = append(fields, struct{ FieldPath, Order string }{f.text("field_path"), f.text("order")})
		}
		got = append(got, fmt.Sprint(index.text("collection"), index.text("query_scope"), fields))
	}
	for _, f := range p.all("google_firestore_field") {
		indexed := "no index"
		if len(f.blocks("index_config")) != 1 || len(f.block("index_config").blocks("indexes")) > 0 {
			indexed = "indexed"
		}
		got = append(got, fmt.Sprint(f.text("collection"), f.text("field"), indexed, len(f.blocks("ttl_config")) == 1))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		p.Errorf("Firestore's indexes: want (-), got (+):\n%s", diff)
	}
}
