// Package docname checks the names of Firestore's databases, documents and
// collections, takes them apart, and puts them in Firestore's order.
//
// A path here is what follows "…/documents/" in a name: "c/d" for a document,
// "" for the root.
package docname

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The service's limits (firebase.google.com/docs/firestore/quotas).
const (
	maxID    = 1500     // bytes
	maxName  = 6 * 1024 // bytes
	maxDepth = 100      // subcollections
)

// Split cuts "projects/P/databases/D/documents[/path]" into the database's name
// "projects/P/databases/D" and the path, which is "" for the root.
func Split(name string) (database, path string, err error) {
	rest := name
	for i := range 4 {
		segment, after, _ := strings.Cut(rest, "/")
		if segment == "" || (i == 0 && segment != "projects") || (i == 2 && segment != "databases") {
			return "", "", malformed(name)
		}
		rest = after
	}
	documents, path, more := strings.Cut(rest, "/")
	if documents != "documents" || (more && path == "") {
		return "", "", malformed(name)
	}
	return strings.TrimSuffix(name[:len(name)-len(rest)], "/"), path, nil
}

func malformed(name string) error {
	return status.Errorf(codes.InvalidArgument,
		"Resource name %q does not match \"projects/{project}/databases/{database}/documents/{path}\".", name)
}

// Document is Split for the name of one document, all of which it checks.
func Document(name string) (database, path string, err error) {
	database, path, err = Split(name)
	if err != nil {
		return "", "", err
	}
	if path == "" || strings.Count(path, "/")%2 == 0 {
		return "", "", status.Errorf(codes.InvalidArgument,
			"Document name %q has an odd number of path segments; a document needs collection and ID in turn.", name)
	}
	return database, path, Check(name, path)
}

// Parent is Split for the root or a document that collections hang under.
func Parent(name string) (database, path string, err error) {
	database, path, err = Split(name)
	if err != nil || path == "" {
		return database, path, err
	}
	return Document(name)
}

// Check checks each segment of the path, and the sizes, of name.
func Check(name, path string) error {
	if len(name) > maxName {
		return status.Errorf(codes.InvalidArgument, "Document name is longer than %d bytes.", maxName)
	}
	segments := strings.Split(path, "/")
	if len(segments) > 2*maxDepth {
		return status.Errorf(codes.InvalidArgument, "Document name %q is deeper than %d collections.", name, maxDepth)
	}
	for i, id := range segments {
		switch {
		case id == "":
			return status.Errorf(codes.InvalidArgument, "Document name %q contains an empty resource id at index %d.", name, i)
		case id == "." || id == "..":
			return status.Errorf(codes.InvalidArgument, "Document name %q contains a resource id %q at index %d.", name, id, i)
		}
		if err := CheckID(id); err != nil {
			return err
		}
	}
	return nil
}

// CheckID checks one collection's or document's ID.
func CheckID(id string) error {
	switch {
	case id == "" || strings.Contains(id, "/"):
		return status.Errorf(codes.InvalidArgument, "Resource id %q is invalid: it must not be empty nor contain \"/\".", id)
	case len(id) > maxID:
		return status.Errorf(codes.InvalidArgument, "Resource id is longer than %d bytes.", maxID)
	case !utf8.ValidString(id):
		return status.Errorf(codes.InvalidArgument, "Resource id %q is not valid UTF-8.", id)
	case isReserved(id) && !isNumeric(id):
		return status.Errorf(codes.InvalidArgument, "Resource id %q is invalid because it is reserved.", id)
	}
	return nil
}

// isReserved says whether the ID matches __.*__, which "____" does not in the service.
func isReserved(id string) bool {
	return len(id) > 4 && strings.HasPrefix(id, "__") && strings.HasSuffix(id, "__")
}

// Cut takes a document's path apart: the collection's path, the collection's ID
// and the document's ID.
func Cut(path string) (collection, collectionID, id string) {
	slash := strings.LastIndexByte(path, '/')
	collection, id = path[:slash], path[slash+1:]
	return collection, collection[strings.LastIndexByte(collection, '/')+1:], id
}

// Join puts a path below a parent's path, which may be "".
func Join(parent, rest string) string {
	if parent == "" {
		return rest
	}
	return parent + "/" + rest
}
