package recovery

import (
	"errors"
	"time"
)

// Run is what one run of a reminder did, as far as is known, also beside an error.
type Run struct {
	// Verdict is what it was to do. Reason is also that of a mail that was refused.
	Verdict
	// State is the reminder's state as this run recorded it, or left it where it was
	// to wait; "" where that is not known, or is another run's to tell. So of all runs
	// of a reminder, one tells its end.
	State State
	// Late is how long after the due instant, or after the send window's opening that
	// the reminder waited for, a run with the verdict Send, Skip or Fail judged it.
	Late time.Duration
	// Mail is what became of the mail; "" if none was handed to the mail service.
	Mail MailOutcome
}

// MailOutcome is what the mail service made of a mail that was handed to it.
type MailOutcome string

// What may become of a mail.
const (
	MailAccepted   MailOutcome = "accepted"
	MailRejected   MailOutcome = "rejected"   // this mail, for good
	MailOverload   MailOutcome = "overload"   // the service is away or full: later
	MailDeployment MailOutcome = "deployment" // we are refused: the key, the credits, the sender
	MailUnknown    MailOutcome = "unknown"    // it may or may not have been accepted
)

// mail is the word for the outcome of a mail that was handed over.
func (o outcome) mail() MailOutcome {
	switch {
	case o.err == nil:
		return MailAccepted
	case errors.Is(o.err, ErrRejected):
		return MailRejected
	case errors.Is(o.err, ErrOverload):
		return MailOverload
	case errors.Is(o.err, ErrDeployment):
		return MailDeployment
	}
	return MailUnknown
}

// tells is the state that a run with the verdict tells of the reminder, which is as
// the run leaves it.
func (v Verdict) tells(r Reminder) State {
	switch {
	case v.Do == Skip, v.Do == Fail, v.Do == Lose:
		return r.State
	case (v.Do == Wait || v.Do == Later) && r.State == Scheduled:
		return Scheduled
	}
	return ""
}

// lateness is how late the reminder is at the instant, after a wait until waited, if
// there was one.
func (r Reminder) lateness(at, waited time.Time) time.Duration {
	return max(0, at.Sub(later(later(r.Due, r.Opening), waited)))
}
