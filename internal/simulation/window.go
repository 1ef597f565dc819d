package simulation

import (
	"time"
	_ "time/tzdata" // histories are the same on every machine
)

// The window of every store that has one.
const (
	opens  = 8 * time.Hour
	closes = 21 * time.Hour
	// afterClosing is how late one may be that was due before the window closed.
	afterClosing = time.Minute
)

// zoneNames are the time zones of shoppers: behind and ahead of the store's, which is
// UTC, by hours or half of one, and with clocks that change.
var zoneNames = []string{"America/Los_Angeles", "America/New_York", "Europe/London", "Asia/Kolkata", "Pacific/Auckland"}

// zones are they, and the store's own for a shopper who tells none.
var zones = func() map[string]*time.Location {
	list := map[string]*time.Location{"": time.UTC}
	for _, name := range zoneNames {
		zone, err := time.LoadLocation(name)
		if err != nil {
			panic(err)
		}
		list[name] = zone
	}
	return list
}()

// local is the instant by the clocks where the shopper is.
func (k *known) local(at time.Duration) time.Time { return begin.Add(at).In(k.zone) }

// inside says whether the send window is open for the shopper.
func (k *known) inside(at time.Duration) bool {
	h, m, s := k.local(at).Clock()
	clock := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	return clock >= opens && clock < closes
}

// opening is when the send window opens next for the shopper.
func (k *known) opening(at time.Duration) time.Duration {
	t := k.local(at)
	open := time.Date(t.Year(), t.Month(), t.Day(), int(opens.Hours()), 0, 0, 0, k.zone)
	if !open.After(t) {
		open = time.Date(t.Year(), t.Month(), t.Day()+1, int(opens.Hours()), 0, 0, 0, k.zone)
	}
	return open.Sub(begin)
}
