package recovery

import (
	"errors"
	"fmt"
	"time"
)

// Kinds of error. Ports wrap them; callers tell them apart with errors.Is.
var (
	// ErrExists says that a document to be created is there already.
	ErrExists = errors.New("exists already")
	// ErrConflict says that a document changed since it was read: read again.
	ErrConflict = errors.New("changed since it was read")
	// ErrOverload says that a service is away or wants fewer calls: try later.
	// Nothing was done, or what was done is safe to repeat.
	ErrOverload = errors.New("overloaded or away")
	// ErrRejected says that the mail service refuses this one message for good.
	ErrRejected = errors.New("message refused")
	// ErrDeployment says that the mail service refuses us: a bad key, no credits,
	// a sender that is not verified. It heals when somebody mends the deployment.
	ErrDeployment = errors.New("refused by the mail service: check the API key, the credits and the verified sender")
	// ErrUnknown says that a message may or may not have been accepted.
	ErrUnknown = errors.New("outcome unknown")
	// ErrBusy says that another run holds the claim on the reminder.
	ErrBusy = errors.New("claimed by another run")
	// ErrEarly says that a task came before its reminder was due.
	ErrEarly = errors.New("too early")
	// ErrNoStore says that the configuration does not know the store.
	ErrNoStore = errors.New("no such store in the configuration")
)

// SendError is how a Mailer reports what became of a message that was not
// accepted for certain.
type SendError struct {
	Kind       error         // ErrRejected, ErrOverload, ErrDeployment or ErrUnknown
	Detail     string        // what the service said, for a person; nothing personal
	RetryAfter time.Duration // how long the service asked us to wait; 0 if it did not say
}

func (e *SendError) Error() string { return fmt.Sprintf("%v: %s", e.Kind, e.Detail) }

func (e *SendError) Unwrap() error { return e.Kind }
