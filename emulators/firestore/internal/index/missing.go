package index

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"cloud.google.com/go/firestore/apiv1/admin/adminpb"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// missing is the refusal: as the service words it, and then the entry that the
// file of index definitions lacks.
func (n need) missing(database string) error {
	c := n.wanted()
	link := fmt.Sprintf("https://console.firebase.google.com/v1/r/project/%s/firestore/indexes?", strings.Split(database, "/")[1])
	encoded := base64.RawURLEncoding.EncodeToString(c.message(database))
	if len(c.Fields) == 1 {
		f := c.Fields[0]
		kind := strings.TrimSuffix(cmp.Or(f.Order, f.ArrayConfig), "ENDING") // ASC, DESC, CONTAINS
		return status.Errorf(codes.FailedPrecondition,
			"The query requires a %s_%s index for collection %s and field %s. You can create it here: %screate_exemption=%s", n.scope, kind, n.group, f.FieldPath, link, encoded)
	}
	entry, err := json.Marshal(c)
	if err != nil {
		return status.Errorf(codes.Internal, "describing the missing index: %v", err)
	}
	return status.Errorf(codes.FailedPrecondition,
		"The query requires an index. You can create it here: %screate_composite=%s or add to firestore.indexes.json: %s", link, encoded, entry)
}

// wanted is the index that would serve the need.
func (n need) wanted() composite {
	c := composite{CollectionGroup: n.group, QueryScope: n.scope}
	for _, name := range n.contains {
		c.Fields = append(c.Fields, field{FieldPath: name, ArrayConfig: contains})
	}
	for _, name := range n.equal {
		c.Fields = append(c.Fields, field{FieldPath: name, Order: ascending})
	}
	c.Fields = append(c.Fields, n.suffix...)
	last := len(c.Fields) - 1
	implied := last > 0 && c.Fields[last].FieldPath == value.Name &&
		(cmp.Or(c.Fields[last-1].Order, ascending) == c.Fields[last].Order || last <= len(n.equal)+len(n.contains))
	if implied {
		c.Fields = slices.Delete(c.Fields, last, last+1)
	}
	return c
}

// message is the index as the Admin API's message, which the console's link holds.
func (c composite) message(database string) []byte {
	m := &adminpb.Index{
		Name:       fmt.Sprintf("%s/collectionGroups/%s/indexes/_", database, c.CollectionGroup),
		QueryScope: adminpb.Index_QueryScope(adminpb.Index_QueryScope_value[c.QueryScope]),
	}
	for _, f := range c.Fields {
		mf := &adminpb.Index_IndexField{FieldPath: f.FieldPath}
		if f.ArrayConfig != "" {
			mf.ValueMode = &adminpb.Index_IndexField_ArrayConfig_{ArrayConfig: adminpb.Index_IndexField_CONTAINS}
		} else {
			mf.ValueMode = &adminpb.Index_IndexField_Order_{Order: adminpb.Index_IndexField_Order(adminpb.Index_IndexField_Order_value[f.Order])}
		}
		m.Fields = append(m.Fields, mf)
	}
	raw, err := proto.Marshal(m)
	if err != nil {
		return nil // a field's name that is no UTF-8, which the query would not have passed with
	}
	return raw
}
