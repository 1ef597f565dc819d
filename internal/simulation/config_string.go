package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// String tells, for a story, what a configuration says that the defaults do not.
func (c config) String() string {
	normal := defaults()
	var b strings.Builder
	say := func(differs bool, format string, args ...any) {
		if differs {
			b.WriteString(suffix(", ", fmt.Sprintf(format, args...)))
		}
	}
	say(!slices.Equal(c.steps, normal.steps), "reminders after %s", shorts(c.steps))
	say(c.window, "send_window 08:00 to 21:00")
	say(c.maxLate != normal.maxLate, "max_late %s", short(c.maxLate))
	say(c.resend, "when_unknown resend")
	say(c.each, "several_checkouts each")
	say(c.consent != normal.consent, "consent %s", c.consent)
	say(c.sameStep != normal.sameStep, "cooldown same_step %s", short(c.sameStep))
	say(c.between > 0, "cooldown between_messages %s", short(c.between))
	say(c.afterOrder > 0, "cooldown after_order %s", short(c.afterOrder))
	say(c.cap != normal.cap, "cap %d in 7d", c.cap)
	say(c.spread > 0, "spread %s", short(c.spread))
	say(c.holdout > 0, "holdout_percent %d", c.holdout)
	say(c.activeFromDay > 0, "active_from %s", instant(time.Duration(c.activeFromDay)*day))
	say(c.shadow, "shadow")
	say(c.attribution != normal.attribution, "attribution window %s", short(c.attribution))
	say(c.anyMessage, "attribution any_message")
	say(c.recipients > 0, "test_recipients %s", strings.Join(c.testers(), ", "))
	say(c.store != storeIDs[0], "of the second store")
	if b.Len() == 0 {
		return "all defaults"
	}
	return strings.TrimPrefix(b.String(), ", ")
}

func shorts(list []time.Duration) string {
	words := make([]string, len(list))
	for i, d := range list {
		words[i] = short(d)
	}
	return strings.Join(words, ", ")
}

// short is a duration as a configuration has it: 30m, 6h, 3d.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "0s"
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
