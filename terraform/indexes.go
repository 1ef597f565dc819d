// Package terraform gives Go programs the parts of the deployment that they share
// with it.
package terraform

import _ "embed"

// Indexes are Firestore's composite indexes, the fields without automatic indexes
// and the fields by which documents expire, in Firebase's format. Terraform deploys
// them; the Firestore emulator enforces them.
//
//go:embed firestore.indexes.json
var Indexes []byte
