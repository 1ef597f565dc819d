package cloudtest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// apiError is an error as Google's APIs put it.
type apiError struct {
	code            int // HTTP; 0 breaks the connection
	status, message string
	reason          string // of the ErrorInfo; "" for none
	metadata        map[string]string
}

func notFound(format string, args ...any) *apiError {
	return &apiError{code: http.StatusNotFound, status: "NOT_FOUND", message: fmt.Sprintf(format, args...)}
}

func denied(message string) *apiError {
	return &apiError{code: http.StatusForbidden, status: "PERMISSION_DENIED", message: message}
}

func invalid(message string) *apiError {
	return &apiError{code: http.StatusBadRequest, status: "INVALID_ARGUMENT", message: message}
}

func serviceDisabled(api string) *apiError {
	e := denied(fmt.Sprintf("%s has not been used in project %d before or it is disabled. Enable it by visiting the console then retry.", api, ProjectNumber))
	e.reason = "SERVICE_DISABLED"
	e.metadata = map[string]string{"service": api, "consumer": fmt.Sprintf("projects/%d", ProjectNumber)}
	return e
}

type object = map[string]any

func (e *apiError) body() object {
	inner := object{"code": e.code, "message": e.message, "status": e.status}
	if e.reason != "" {
		inner["details"] = []object{{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "googleapis.com",
			"reason": e.reason, "metadata": e.metadata,
		}}
	}
	return object{"error": inner}
}

func write(w http.ResponseWriter, answer any, err *apiError) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if err != nil {
		if err.code == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(err.code)
		answer = err.body()
	}
	_ = json.NewEncoder(w).Encode(answer) // a caller that hung up reads nothing
}
