package recovery_test

import (
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
)

// full is news with every field given.
func full(at time.Time) recovery.News {
	yes := true
	return recovery.News{
		CheckoutID: "a", Email: anAddress, AbandonedAt: t0, UpdatedAt: at, Arrived: at,
		CartID: recovery.Given("cart"), CustomerID: recovery.Given("7"),
		FirstName: recovery.Given("Ana"), LastName: recovery.Given("Lima"),
		Locale: recovery.Given("pt-BR"), TimeZone: recovery.Given("America/Sao_Paulo"),
		AcceptsMarketing: recovery.Given(&yes), Total: recovery.Given(&recovery.Money{Minor: 1250, Currency: "EUR"}),
		Items:      recovery.Given([]recovery.Item{{ID: "mug", Title: "Mug", Quantity: 2}}),
		RecoverURL: recovery.Given("https://northwind.example.com/c/a"),
	}
}

// bare is later news that gives nothing but the address.
func bare(at time.Time) recovery.News {
	return recovery.News{CheckoutID: "a", Email: anAddress, UpdatedAt: at, Arrived: at}
}

func recorded(n recovery.News) *recovery.Checkout { return recovery.NewCheckout(testStore(), &n) }

func TestNewCheckout(t *testing.T) {
	t.Parallel()
	later := t0.Add(time.Minute)
	for _, c := range []struct {
		name                        string
		abandoned, updated, arrived time.Time
		wantT, wantNews             time.Time
	}{
		{"abandoned_at first", t0, later, later.Add(time.Hour), t0, later},
		{"else updated_at", time.Time{}, later, later.Add(time.Hour), later, later},
		{"else the arrival", time.Time{}, time.Time{}, later, later, later},
		{"cut to the microsecond, UTC", t0.Add(1999).In(time.FixedZone("", 3600)), time.Time{}, later, t0.Add(us), t0.Add(us)},
	} {
		n := full(time.Time{})
		n.AbandonedAt, n.UpdatedAt, n.Arrived = c.abandoned, c.updated, c.arrived
		got := recorded(n)
		if got.T != c.wantT || got.News != c.wantNews {
			t.Errorf("%s: got T %v, news %v; want %v, %v", c.name, got.T, got.News, c.wantT, c.wantNews)
		}
		if got.Generation != 1 || got.Status != recovery.StatusOpen || len(got.Reminders) != 3 {
			t.Errorf("%s: got generation %d, %s, %d reminders; want 1, open, 3", c.name, got.Generation, got.Status, len(got.Reminders))
		}
		if want := got.T.Add(30*time.Minute + 30*time.Second); !got.CheckAt.Equal(want) {
			t.Errorf("%s: the sweep looks at %v, want 30 s after the first due instant, %v", c.name, got.CheckAt, want)
		}
	}
}

// Promise 6: older news and the same news again change nothing.
func TestNewsInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		news recovery.News
		want recovery.Effect
	}{
		{"older", bare(t0.Add(-us)), recovery.Ignored},
		{"the same again", full(t0), recovery.Ignored},
		{"the same instant, told otherwise", bare(t0), recovery.Ignored},
		{"newer by less than a microsecond", bare(t0.Add(999)), recovery.Ignored},
		{"newer", bare(t0.Add(us)), recovery.Updated},
		{"older with other items", recovery.News{
			Email: anAddress, UpdatedAt: t0.Add(-time.Minute), Arrived: t0.Add(time.Hour), Items: recovery.Given([]recovery.Item{}),
		}, recovery.Ignored},
	} {
		got := recorded(full(t0))
		before := got.Clone()
		if effect := c.news.Apply(testStore(), got); effect != c.want {
			t.Errorf("%s: got effect %d, want %d", c.name, effect, c.want)
		}
		if diff := cmp.Diff(before, got); c.want == recovery.Ignored && diff != "" {
			t.Errorf("%s: something changed (-before +after):\n%s", c.name, diff)
		}
	}
}

// A field that is absent leaves what is recorded, one that is null clears it.
func TestNewsFieldByField(t *testing.T) {
	t.Parallel()
	no := false
	for _, c := range []struct {
		name string
		set  func(*recovery.News)
		want func(*recovery.Checkout)
	}{
		{"nothing given", func(*recovery.News) {}, func(*recovery.Checkout) {}},
		{"cart", func(n *recovery.News) { n.CartID = recovery.Given("other") }, func(c *recovery.Checkout) {
			c.CartID, c.CartKey = "other", recovery.CartKey("default", "other")
		}},
		{"cart null", func(n *recovery.News) { n.CartID = recovery.Given("") }, func(c *recovery.Checkout) { c.CartID, c.CartKey = "", "" }},
		{"customer", func(n *recovery.News) { n.CustomerID = recovery.Given("8") }, func(c *recovery.Checkout) { c.Customer.ID = "8" }},
		{"customer null", func(n *recovery.News) { n.CustomerID = recovery.Given("") }, func(c *recovery.Checkout) { c.Customer.ID = "" }},
		{"first name null", func(n *recovery.News) { n.FirstName = recovery.Given("") }, func(c *recovery.Checkout) { c.Customer.FirstName = "" }},
		{"last name", func(n *recovery.News) { n.LastName = recovery.Given("Silva") }, func(c *recovery.Checkout) { c.Customer.LastName = "Silva" }},
		{"locale null", func(n *recovery.News) { n.Locale = recovery.Given("") }, func(c *recovery.Checkout) { c.Locale = "" }},
		{"time zone null", func(n *recovery.News) { n.TimeZone = recovery.Given("") }, func(c *recovery.Checkout) { c.TimeZone = "" }},
		{"consent withdrawn", func(n *recovery.News) { n.AcceptsMarketing = recovery.Given(&no) }, func(c *recovery.Checkout) { c.AcceptsMarketing = &no }},
		{"consent null", func(n *recovery.News) { n.AcceptsMarketing = recovery.Given[*bool](nil) }, func(c *recovery.Checkout) { c.AcceptsMarketing = nil }},
		{"total null", func(n *recovery.News) { n.Total = recovery.Given[*recovery.Money](nil) }, func(c *recovery.Checkout) { c.Total = nil }},
		{"the way back null", func(n *recovery.News) { n.RecoverURL = recovery.Given("") }, func(c *recovery.Checkout) { c.RecoverURL = "" }},
		{"address", func(n *recovery.News) { n.Email = "ana@example.org" }, func(c *recovery.Checkout) {
			c.FormerKey, c.Moved = c.ShopperKey, c.News
			c.Email, c.ShopperKey = "ana@example.org", recovery.ShopperKey([]byte("id key"), "default", "ana@example.org")
		}},
		{"prices and pictures of the same items", func(n *recovery.News) {
			n.Items = recovery.Given([]recovery.Item{{ID: "mug", Title: "Mug, now cheaper", Quantity: 2, Price: &recovery.Money{Minor: 1, Currency: "EUR"}}})
		}, func(c *recovery.Checkout) {
			c.Items = []recovery.Item{{ID: "mug", Title: "Mug, now cheaper", Quantity: 2, Price: &recovery.Money{Minor: 1, Currency: "EUR"}}}
		}},
	} {
		got := recorded(full(t0))
		want := got.Clone()
		news := bare(t0.Add(time.Minute))
		c.set(&news)
		if effect := news.Apply(testStore(), got); effect != recovery.Updated {
			t.Errorf("%s: got effect %d, want the clock to run on", c.name, effect)
		}
		want.News = t0.Add(time.Minute)
		c.want(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestNewsRestarts(t *testing.T) {
	t.Parallel()
	at := t0.Add(time.Hour)
	items := func(list ...recovery.Item) func(*recovery.News) {
		return func(n *recovery.News) { n.Items = recovery.Given(list) }
	}
	mug := recovery.Item{ID: "mug", Quantity: 2}
	for _, c := range []struct {
		name  string
		items []recovery.Item // recorded
		set   func(*recovery.News)
		wantT time.Time // zero: no restart
	}{
		{"the same items in another order", []recovery.Item{mug, {ID: "cup", Quantity: 1}}, items(recovery.Item{ID: "cup", Quantity: 1}, mug), time.Time{}},
		{"another quantity", []recovery.Item{mug}, items(recovery.Item{ID: "mug", Quantity: 3}), at},
		{"another variant", []recovery.Item{mug}, items(recovery.Item{ID: "mug", Variant: "blue", Quantity: 2}), at},
		{"one more", []recovery.Item{mug}, items(mug, mug), at},
		{"none any more", []recovery.Item{mug}, items(), time.Time{}},
		{"another title without an ID", []recovery.Item{{Title: "Mug"}}, items(recovery.Item{Title: "Cup"}), at},
		{"an ID that reads like a title", []recovery.Item{{Title: "Mug"}}, items(recovery.Item{ID: "Mug"}), at},
		{"items not given", []recovery.Item{mug}, func(*recovery.News) {}, time.Time{}},
		{"later abandoned_at", []recovery.Item{mug}, func(n *recovery.News) { n.AbandonedAt = t0.Add(time.Minute) }, t0.Add(time.Minute)},
		{"the same abandoned_at", []recovery.Item{mug}, func(n *recovery.News) { n.AbandonedAt = t0 }, time.Time{}},
		{"the same abandoned_at in nanoseconds", []recovery.Item{mug}, func(n *recovery.News) { n.AbandonedAt = t0.Add(999) }, time.Time{}},
		{"earlier abandoned_at", []recovery.Item{mug}, func(n *recovery.News) { n.AbandonedAt = t0.Add(-time.Minute) }, time.Time{}},
	} {
		first := full(t0)
		first.Items = recovery.Given(c.items)
		got := recorded(first)
		news := bare(at)
		c.set(&news)
		effect := news.Apply(testStore(), got)
		if restarted := effect == recovery.Restarted; restarted == c.wantT.IsZero() {
			t.Errorf("%s: got effect %d, want restart: %v", c.name, effect, !c.wantT.IsZero())
			continue
		}
		if c.wantT.IsZero() {
			continue
		}
		if got.Generation != 2 || !got.T.Equal(c.wantT) {
			t.Errorf("%s: got generation %d from %v, want 2 from %v", c.name, got.Generation, got.T, c.wantT)
		}
		for step, d := range recovery.DefaultSteps() {
			old, anew := got.Reminders[recovery.ReminderID{Generation: 1, Step: step}], got.Reminders[recovery.ReminderID{Generation: 2, Step: step}]
			if old.State != recovery.Skipped || old.Reason != recovery.ReasonSuperseded {
				t.Errorf("%s: the old step %d is %s %s, want skipped superseded", c.name, step, old.State, old.Reason)
			}
			if anew.State != recovery.Scheduled || !anew.Due.Equal(c.wantT.Add(d.After)) {
				t.Errorf("%s: the new step %d is %s at %v, want scheduled at %v", c.name, step, anew.State, anew.Due, c.wantT.Add(d.After))
			}
		}
	}
}

// A restart leaves what is claimed, sent or unknown as it is.
func TestRestartLeavesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, state := range []recovery.State{recovery.Claimed, recovery.Sent, recovery.Unknown, recovery.Failed} {
		c := recorded(full(t0))
		id := recovery.ReminderID{Generation: 1}
		r := c.Reminders[id]
		r.State, r.Attempt, r.ClaimedUntil = state, "run", t0.Add(time.Minute)
		c.Reminders[id] = r
		news := bare(t0.Add(time.Hour))
		news.Items = recovery.Given([]recovery.Item{})
		news.Apply(testStore(), c)
		if diff := cmp.Diff(r, c.Reminders[id]); diff != "" {
			t.Errorf("%s (-before +after):\n%s", state, diff)
		}
	}
}

// What is final takes no news; what is left stays so; what was ended by cart or e-mail only, or is closed,
// reopens on new activity.
func TestNewsReopens(t *testing.T) {
	t.Parallel()
	at := t0.Add(time.Hour)
	ended := func(status recovery.Status, by recovery.JoinedBy) func(*recovery.Checkout) {
		return func(c *recovery.Checkout) {
			c.Status = status
			if by != "" {
				c.Order = &recovery.OrderRef{Key: "o", At: at, By: by}
			}
		}
	}
	for _, c := range []struct {
		name   string
		set    func(*recovery.Checkout)
		news   time.Time
		effect recovery.Effect
		status recovery.Status
	}{
		{"closed", ended(recovery.StatusClosed, ""), at.Add(us), recovery.Restarted, recovery.StatusOpen},
		{"stopped", ended(recovery.StatusStopped, ""), at.Add(us), recovery.Ignored, recovery.StatusStopped},
		{"left", func(c *recovery.Checkout) { c.Status, c.Left = recovery.StatusStopped, true }, at.Add(us), recovery.Restarted, recovery.StatusStopped},
		{"erased", ended(recovery.StatusErased, ""), at.Add(us), recovery.Ignored, recovery.StatusErased},
		{"ordered itself", ended(recovery.StatusOrdered, recovery.ByCheckout), at.Add(us), recovery.Ignored, recovery.StatusOrdered},
		{"recovered itself", ended(recovery.StatusRecovered, recovery.ByCheckout), at.Add(us), recovery.Ignored, recovery.StatusRecovered},
		{"ordered by cart, later news", ended(recovery.StatusOrdered, recovery.ByCart), at.Add(us), recovery.Restarted, recovery.StatusOpen},
		{"ordered by e-mail, later news", ended(recovery.StatusOrdered, recovery.ByEmail), at.Add(us), recovery.Restarted, recovery.StatusOpen},
		{"recovered by e-mail, later news", ended(recovery.StatusRecovered, recovery.ByEmail), at.Add(us), recovery.Restarted, recovery.StatusOpen},
		{"ordered by e-mail, news of before", ended(recovery.StatusOrdered, recovery.ByEmail), at, recovery.Updated, recovery.StatusOrdered},
		{"recovered by e-mail, news of before", ended(recovery.StatusRecovered, recovery.ByEmail), at, recovery.Updated, recovery.StatusRecovered},
	} {
		got := recorded(full(t0))
		for id, r := range got.Reminders {
			r.State = recovery.Skipped
			got.Reminders[id] = r
		}
		c.set(got)
		news := bare(c.news)
		news.Items = recovery.Given([]recovery.Item{{ID: "cup"}})
		if effect := news.Apply(testStore(), got); effect != c.effect || got.Status != c.status {
			t.Errorf("%s: got effect %d, %s; want %d, %s", c.name, effect, got.Status, c.effect, c.status)
		}
		if got.Status == recovery.StatusOpen && got.Order != nil {
			t.Errorf("%s: it still has the order", c.name)
		}
	}
}

// A stub becomes the checkout that it stands for, ordered from the start.
func TestNewsMeetsStub(t *testing.T) {
	t.Parallel()
	order := &recovery.OrderRef{Key: "o", At: t0.Add(-time.Hour), By: recovery.ByCheckout}
	for _, c := range []struct {
		name   string
		order  *recovery.OrderRef
		status recovery.Status
		state  recovery.State
	}{
		{"of an order", order, recovery.StatusOrdered, recovery.Skipped},
		{"of an expired checkout", nil, recovery.StatusOpen, recovery.Scheduled},
	} {
		got := &recovery.Checkout{Store: "default", Key: recovery.CheckoutKey("default", "a"), ID: "a", Order: c.order, Version: t0}
		if c.order != nil {
			got.Status = recovery.StatusOrdered
		}
		news := full(t0)
		if effect := news.Apply(testStore(), got); effect != recovery.Created {
			t.Errorf("%s: got effect %d, want created", c.name, effect)
		}
		want := recorded(full(t0))
		want.Status, want.Order, want.Version = c.status, c.order, t0
		for id, r := range want.Reminders {
			if r.State = c.state; c.order != nil {
				r.Reason, want.CheckAt = recovery.ReasonOrdered, time.Time{}
			}
			want.Reminders[id] = r
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A cart that changes all day does not outgrow its document: old generations that
// never mailed go, what was mailed or may have been stays.
func TestManyGenerations(t *testing.T) {
	t.Parallel()
	s := testStore()
	n := full(t0)
	c := recovery.NewCheckout(s, &n)
	kept := recovery.ReminderID{Generation: 1}
	c.Reminders[kept] = recovery.Reminder{State: recovery.Unknown, Due: t0}
	for i := range 500 {
		news := bare(t0.Add(time.Duration(i+1) * time.Minute))
		news.Items = recovery.Given([]recovery.Item{{ID: "mug", Quantity: i + 3}})
		news.Apply(s, c)
	}
	if len(c.Reminders) > 110 || c.Generation != 501 || c.Reminders[kept].State != recovery.Unknown {
		t.Errorf("%d reminders after %d generations, first %q; want about 100 and the unknown one kept", len(c.Reminders), c.Generation, c.Reminders[kept].State)
	}
	if got := c.Current(); len(got) != 3 {
		t.Errorf("the generation's reminders are %v, want 3", got)
	}
}
