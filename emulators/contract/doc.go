// Package contract holds docs/openapi.yaml to what the functions really answer. Its test
// runs the whole system on the emulators and a virtual clock, provokes every answer that
// the document lists, and fails on one that differs from the document in its status, its
// headers, its content type or its body, on an endpoint or an answer that only one of the
// two knows, and on an example that is none.
//
// It is a module of its own, so that the product does not depend on what reads OpenAPI.
// That is github.com/pb33f/libopenapi-validator. It and github.com/getkin/kin-openapi both
// read a document of 3.1 and check answers with their headers; this one's strict mode also
// refuses headers and fields that the document does not name, for which the other has no
// option.
package contract
