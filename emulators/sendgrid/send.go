package sendgrid

import (
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// maxBody is the size of a whole request, attachments included
// (docs.sendgrid.com/api-reference/mail-send/limitations).
const maxBody = 30 << 20

// send is POST /v3/mail/send.
func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, apiError{Message: "The JSON payload you have included in your request is too large."})
		return
	} else if err != nil {
		refuse(w, http.StatusBadRequest, apiError{Message: "Bad Request"})
		return
	}
	if a, ok := s.faults.scripted(); ok {
		a.write(w)
		return
	}
	fault := s.faults.roll(false)
	s.pause(r, fault.Latency)
	switch fault.Mode {
	case FaultUnavailable:
		refuse(w, http.StatusServiceUnavailable, apiError{Message: "Service Unavailable"})
		return
	case FaultTimeout:
		s.pause(r, never)
		panic(http.ErrAbortHandler) // no answer, not even an empty one
	}
	s.take(w, r, body, fault.Mode == FaultAcceptThenDrop)
}

// take checks the request, keeps its mails and answers; drop cuts the
// connection where the answer to an accepted one would be.
func (s *Server) take(w http.ResponseWriter, r *http.Request, body []byte, drop bool) {
	if !s.authorized(r) {
		refuse(w, http.StatusUnauthorized, apiError{Message: "The provided authorization grant is invalid, expired, or revoked"})
		return
	}
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, apiError{Message: "Content-Type should be application/json."})
		return
	}
	m, bad := parse(body)
	if len(bad) > 0 {
		refuse(w, http.StatusBadRequest, bad...)
		return
	}
	if missing := m.notEmulated(); len(missing) > 0 {
		refuse(w, http.StatusNotImplemented, missing...)
		return
	}
	if m.MailSettings.SandboxMode.Enable {
		w.WriteHeader(http.StatusOK) // checked only: nothing kept, no events
		return
	}
	id, err := s.accept(m)
	switch {
	case err != nil:
		s.options.Log.Error("keeping a mail", "error", err)
		refuse(w, http.StatusInternalServerError, apiError{Message: "Internal Server Error"})
	case drop:
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("X-Message-Id", id)
		w.WriteHeader(http.StatusAccepted)
	}
}

// readBody reads at most maxBody bytes, also of what a gzip body unpacks to.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(w, r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = http.MaxBytesReader(w, unpacked, maxBody)
	}
	return io.ReadAll(body)
}

func (s *Server) authorized(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if key = strings.TrimSpace(key); !ok || key == "" {
		return false
	}
	found := len(s.options.APIKeys) == 0
	got := sha256.Sum256([]byte(key))
	for _, k := range s.options.APIKeys {
		want := sha256.Sum256([]byte(k))
		found = subtle.ConstantTimeCompare(got[:], want[:]) == 1 || found
	}
	return found
}

// never is longer than any client waits.
const never = time.Duration(1<<63 - 1)

// pause waits for d of real time, as the network would; less if the client gives
// up or the server closes.
func (s *Server) pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}

// apiError is one entry of an error answer.
type apiError struct {
	Message string
	Field   string // "": null
}

// helpURL is followed by the field without its indices.
const helpURL = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message"

// MarshalJSON is the service's form: message, field and help, the last two null
// where the error is of no field.
func (e apiError) MarshalJSON() ([]byte, error) {
	form := struct {
		Message string  `json:"message"`
		Field   *string `json:"field"`
		Help    *string `json:"help"`
	}{Message: e.Message}
	if e.Field != "" {
		help := helpURL
		for part := range strings.SplitSeq(e.Field, ".") {
			if strings.Trim(part, "0123456789") != "" {
				help += "." + part
			}
		}
		form.Field, form.Help = &e.Field, &help
	}
	return json.Marshal(form)
}

func refuse(w http.ResponseWriter, status int, errs ...apiError) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]apiError{"errors": errs}) // the client may be gone
}
