package console

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// maxBody is far more than any request of this API needs.
const maxBody = 64 << 10

// api is one path's handlers by method. What a handler returns is the answer's
// JSON; nil is 204.
type api map[string]func(*http.Request) (any, error)

func (a api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handle := a[method]
	if handle == nil {
		allow := strings.Join(slices.Sorted(maps.Keys(a)), ", ")
		w.Header().Set("Allow", allow)
		writeError(w, &apiError{status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Message: r.Method + " is not for this path: use " + allow})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	answer, err := handle(r)
	switch {
	case err != nil:
		writeError(w, err)
	case answer == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

// apiError is an error that its caller can do something about.
type apiError struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
}

func (e *apiError) Error() string { return e.Message }

// invalid is a 400 that names the field.
func invalid(field, message string) error {
	return &apiError{status: http.StatusBadRequest, Code: "invalid", Field: field, Message: message}
}

func writeError(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusInternalServerError, Code: "internal", Message: err.Error()}
	}
	writeJSON(w, e.status, map[string]*apiError{"error": e})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // it is read by people, too
	_ = enc.Encode(v)        // the client may be gone
}

func jsonName(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a string"
	case reflect.Float64:
		return "a number"
	}
	return "an object"
}

// decode reads one JSON object. Its errors are a 400's or a 413's.
func decode(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	dec.UseNumber()
	err := dec.Decode(v)
	if err == nil {
		if _, rest := dec.Token(); rest != io.EOF {
			return invalid("", "the body must be one JSON object and nothing else")
		}
		return nil
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return invalid(strings.ToLower(wrong.Field), "got a JSON "+wrong.Value+", want "+jsonName(wrong.Type.Kind()))
	}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return &apiError{status: http.StatusRequestEntityTooLarge, Code: "too_large", Message: "the body is over 64 KiB"}
	}
	return invalid("", "the body must be a JSON object: "+err.Error())
}
