package recovery_test

import (
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// accepting is the news of a checkout whose shopper was asked at the instant.
func accepting(id string, yes bool, at time.Duration) recovery.News {
	n := left(id)
	n.UpdatedAt = t0.Add(at)
	n.AcceptsMarketing = recovery.Given(&yes)
	return n
}

// silent is the news of a checkout that says nothing of marketing.
func silent(id string, at time.Duration) recovery.News {
	n := left(id)
	n.UpdatedAt = t0.Add(at)
	return n
}

// A withdrawal counts too where the checkout takes no news any more.
func TestConsentWithdrawnOnAStoppedCheckout(t *testing.T) {
	t.Parallel()
	st := linkStore()
	st.EachCheckout = true
	s := open(t, st)
	s.post(accepting("a", true, 0))
	s.post(accepting("b", true, 0))
	s.until(half)
	s.does(1, s.LeaveCheckout, s.leaving("a"))
	s.clock.Set(t0.Add(time.Hour))
	s.post(accepting("a", false, time.Hour))
	s.does(1, s.UndoLeaveCheckout, s.leaving("a"))
	s.until(4 * day)
	s.wantReminders("a", 1, "sent", "skipped no_consent", "skipped no_consent")
	s.wantReminders("b", 1, "sent", "skipped no_consent", "skipped no_consent")
}

// When the shopper agreed is never later than what tells of it, or no withdrawal would count.
func TestWithdrawnAfterConsentOfItsOwnInstant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ agreed, withdrawn time.Duration }{
		"agreed in the future":             {365 * day, time.Minute},
		"withdrawn by news of no instant":  {5 * time.Minute, 0},
		"agreed long before, as it should": {-day, time.Minute},
	} {
		s := open(t, nil)
		s.clock.Set(t0.Add(10 * time.Minute))
		n := accepting("a", true, 0)
		n.UpdatedAt = time.Time{}
		n.Consent = recovery.Given(&recovery.Consented{Wording: "Yes", At: t0.Add(tc.agreed)})
		s.post(n)
		no := accepting("a", false, tc.withdrawn)
		if tc.withdrawn == 0 {
			no.UpdatedAt = time.Time{}
		}
		s.post(no)
		s.until(5 * day)
		if mails := s.mailer.Sent(); len(mails) > 0 {
			t.Errorf("%s: %d mails", name, len(mails))
		}
	}
}

// Whether a checkout is a test is said when it is new: what is told of it later says no more.
func TestWithdrawnByNewsOfATest(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(accepting("a", true, 0))
	no := accepting("a", false, time.Minute)
	no.Test = true
	s.post(no)
	s.until(5 * day)
	s.wantReminders("a", 1, "skipped no_consent", "skipped no_consent", "skipped no_consent")
}

// A withdrawal goes with its checkout to another address, until marketing is accepted there.
func TestWithdrawalGoesWithItsCheckout(t *testing.T) {
	t.Parallel()
	const other = "bo@example.net"
	moved := func(n recovery.News) recovery.News {
		n.Email = other
		return n
	}
	for name, tc := range map[string]struct {
		news  []recovery.News
		mails int
	}{
		"nothing said":        {[]recovery.News{accepting("a", true, 0), accepting("a", false, time.Minute), moved(silent("a", 2*time.Minute))}, 0},
		"said again":          {[]recovery.News{accepting("a", true, 0), accepting("a", false, time.Minute), moved(accepting("a", false, 2*time.Minute))}, 0},
		"withdrawn by moving": {[]recovery.News{accepting("a", true, 0), moved(accepting("a", false, 2*time.Minute))}, 0},
		"accepted there":      {[]recovery.News{accepting("a", true, 0), accepting("a", false, time.Minute), moved(accepting("a", true, 2*time.Minute))}, 3},
		"never accepted":      {[]recovery.News{accepting("a", false, 0), moved(silent("a", 2*time.Minute))}, 3},
		"of another checkout": {[]recovery.News{accepting("b", true, 0), accepting("b", false, time.Minute), moved(silent("a", 2*time.Minute))}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			for _, n := range tc.news {
				s.post(n)
			}
			s.until(5 * day)
			if mails := s.mailer.Sent(); len(mails) != tc.mails {
				t.Errorf("%d mails, want %d", len(mails), tc.mails)
			}
		})
	}
}

// A withdrawal ends what is scheduled in every mode, on all of the shopper's checkouts.
// Who never accepted has nothing to withdraw.
func TestConsentWithdrawn(t *testing.T) {
	t.Parallel()
	none, sent := []string{"skipped no_consent", "skipped no_consent", "skipped no_consent"}, []string{"sent", "sent", "sent"}
	for name, tc := range map[string]struct {
		mode recovery.Consent
		news []recovery.News
		want []string // of checkout a
	}{
		"any, withdrawn":              {recovery.ConsentAny, []recovery.News{accepting("a", true, 0), accepting("a", false, time.Minute)}, none},
		"opt-in, withdrawn":           {recovery.ConsentOptIn, []recovery.News{accepting("a", true, 0), accepting("a", false, time.Minute)}, none},
		"any, never given":            {recovery.ConsentAny, []recovery.News{accepting("a", false, 0)}, sent},
		"opt-in, never given":         {recovery.ConsentOptIn, []recovery.News{accepting("a", false, 0)}, none},
		"given at last":               {recovery.ConsentOptIn, []recovery.News{accepting("a", false, 0), accepting("a", true, time.Minute)}, sent},
		"withdrawn, given again":      {recovery.ConsentAny, []recovery.News{accepting("a", true, 0), accepting("a", false, time.Minute), accepting("a", true, 2*time.Minute)}, sent},
		"withdrawn, older news after": {recovery.ConsentAny, []recovery.News{accepting("a", true, 0), accepting("a", false, 2*time.Minute), accepting("a", true, time.Minute)}, none},
		"withdrawn on another":        {recovery.ConsentAny, []recovery.News{accepting("a", true, 0), accepting("b", false, time.Minute)}, none},
		"withdrawn, older than news":  {recovery.ConsentAny, []recovery.News{accepting("a", true, 0), silent("a", 2*time.Minute), accepting("a", false, time.Minute)}, none},
		"another's refusal before":    {recovery.ConsentOptIn, []recovery.News{accepting("b", false, 0), accepting("a", true, time.Minute)}, sent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := testStore()
			st.Consent, st.EachCheckout = tc.mode, true
			s := open(t, st)
			s.clock.Set(t0.Add(3 * time.Minute))
			for _, n := range tc.news {
				s.post(n)
			}
			s.until(4 * day)
			s.wantReminders("a", 1, tc.want...)
		})
	}
}

// What the shopper agreed to is kept, and counts from when it was agreed to.
func TestConsentKept(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	n := accepting("a", true, time.Hour)
	n.Consent = recovery.Given(&recovery.Consented{Wording: "Send me offers", At: t0.Add(-day)})
	s.clock.Set(t0.Add(time.Hour))
	s.post(n)
	if c := s.checkout("a"); c.Consent == nil || c.Consent.Wording != "Send me offers" || !c.Consent.At.Equal(t0.Add(-day)) {
		t.Errorf("got %+v", c.Consent)
	}
	s.post(accepting("b", false, 0)) // after that, though told of with an older instant
	s.until(4 * day)
	s.wantReminders("a", 1, "skipped no_consent", "skipped no_consent", "skipped no_consent")
}

// A withdrawal counts also where it is told of a checkout that went with another shopper's
// erasure, and of who was erased nothing is written down.
func TestWithdrawalToldOfErased(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.EachCheckout = true
	given := accepting("a", true, 0)
	given.Email = "bo@example.net"
	s.post(given)
	s.clock.Set(t0.Add(time.Minute))
	s.post(silent("a", time.Minute))
	s.erase()
	for i, email := range []string{"bo@example.net", anAddress} {
		at := time.Duration(2+i) * time.Minute
		s.clock.Set(t0.Add(at))
		refused := accepting("a", false, at)
		refused.Email = email
		if c, _ := s.post(refused); c.Status != recovery.StatusErased {
			t.Fatalf("the checkout is %s", c.Status)
		}
	}
	other := left("b")
	other.Email, other.AbandonedAt = "bo@example.net", s.clock.Now()
	s.post(other)
	s.until(4 * day)
	s.wantReminders("b", 1, "skipped no_consent", "skipped no_consent", "skipped no_consent")
	s.wantErased("in the end")
	s.wantMails()
}
