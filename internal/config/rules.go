package config

import (
	"time"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// rules reads who is mailed, how often, and what is recorded.
func (l *loader) rules(o *object, s *Store) {
	p := o.get("consent")
	s.Consent = scalar(p, recovery.ConsentAny, oneOf(recovery.ConsentAny, recovery.ConsentOptIn, recovery.ConsentCustomers))
	if !p.given() && l.cloud {
		p.fault("want any, opt_in or customers: in the cloud real people are mailed, so choose what the law of their country allows")
	}
	s.EachCheckout = scalar(o.get("several_checkouts"), "newest", oneOf("newest", "each")) == "each"
	s.ResendUnknown = scalar(o.get("when_unknown"), "leave", oneOf("leave", "resend")) == "resend"
	s.Cooldown = cooldown(o.get("cooldown"))
	s.Cap = messageCap(o.get("cap"))
	s.HoldoutPercent = o.get("holdout_percent").integer(0, 0, 100)
	s.Shadow = o.get("shadow").boolean()
	for _, item := range o.get("test_recipients").list(0, 100) {
		s.TestRecipients = append(s.TestRecipients, address.Normal(scalar(required(item, emailAddress), "", emailAddress)))
	}
	s.Attribution = attribution(o.get("attribution"))
}

func cooldown(p place) recovery.Cooldown {
	o, _ := p.object()
	defer o.done()
	upToYear := between(0, 365*day)
	return recovery.Cooldown{
		BetweenMessages: scalar(o.get("between_messages"), 0, upToYear),
		AfterOrder:      scalar(o.get("after_order"), 0, upToYear),
		SameStep:        scalar(o.get("same_step"), day, upToYear),
	}
}

func messageCap(p place) recovery.Cap {
	o, _ := p.object()
	defer o.done()
	return recovery.Cap{
		Messages: o.get("messages").integer(10, 0, 1000),
		Per:      scalar(o.get("per"), 7*day, between(time.Second, 365*day)),
	}
}

func attribution(p place) recovery.AttributionRule {
	o, _ := p.object()
	defer o.done()
	return recovery.AttributionRule{
		Window:     scalar(o.get("window"), recovery.DefaultAttributionWindow, between(time.Minute, 365*day)),
		AnyMessage: scalar(o.get("by"), "click", oneOf("click", "any_message")) == "any_message",
	}
}
