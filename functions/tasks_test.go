package functions

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// noToken lets nobody in.
type noToken struct{}

func (noToken) Check(context.Context, string, string, string) error {
	return fmt.Errorf("a token of another: %w", callerauth.ErrUnauthorized)
}

// aTask is the body of the first reminder's task of checkout c1.
func aTask(version int) string {
	return fmt.Sprintf(`{"v":%d,"store":"default","checkout":%q,"generation":1,"step":0}`, version, recovery.CheckoutKey("default", "c1"))
}

// Promise 8: whoever proves nothing runs no reminder and no sweep.
func TestTasksWantProof(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{"/tasks/remind": aTask(1), "/tasks/sweep": "{}"} {
		s := open()
		s.Tokens = noToken{}
		s.loseReminder()
		w := httptest.NewRecorder()
		Handler(s.App).ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
		if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "another") {
			t.Errorf("%s: got %d %s, want 401 that does not say why", path, w.Code, w.Body)
		}
		if c := s.db.Checkouts()[0]; c.Reminders[recovery.ReminderID{Generation: 1}].State != recovery.Scheduled {
			t.Errorf("%s: the reminder ran: %+v", path, c.Reminders)
		}
		if n := len(s.Service.Queue.(*recoverytest.Queue).Pending()); n != 0 {
			t.Errorf("%s: got %d tasks, want none", path, n)
		}
	}
}

// A task of a later release waits for that release; one that cannot be read does not.
func TestTasksOfOtherVersions(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{aTask(2): 500, `{"v":1}`: 200, "no JSON": 200} {
		s := open()
		s.Tokens = anyToken{}
		s.loseReminder()
		w := httptest.NewRecorder()
		Handler(s.App).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/tasks/remind", strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("%s: got %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
}

// A run that wants its task again says so to Cloud Tasks.
func TestTasksAreAskedForAgain(t *testing.T) {
	t.Parallel()
	s := open()
	s.Tokens = anyToken{}
	s.loseReminder()
	s.db.FailAll(recovery.ErrOverload)
	w := httptest.NewRecorder()
	Handler(s.App).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/tasks/remind", strings.NewReader(aTask(1))))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s, want 503", w.Code, w.Body)
	}
}
