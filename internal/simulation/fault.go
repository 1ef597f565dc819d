package simulation

import (
	"slices"
	"time"
)

// kind is what a fault does.
type kind string

// The faults. Those of calls hit the next calls after their instant; outages last.
const (
	die             kind = "process dies between two effects"
	stall           kind = "process stands still between two effects"
	loseAnswer      kind = "answer to a storefront lost"
	dbAborted       kind = "Firestore ABORTED"
	dbContended     kind = "Firestore ABORTED, as often as the client tries"
	dbUnavailable   kind = "Firestore UNAVAILABLE"
	dbTimeout       kind = "Firestore DEADLINE_EXCEEDED before commit"
	dbLost          kind = "Firestore DEADLINE_EXCEEDED after commit"
	dbAway          kind = "Firestore away"
	createAway      kind = "Cloud Tasks UNAVAILABLE on create"
	createLost      kind = "Cloud Tasks answer lost on create"
	dispatchTwice   kind = "task dispatched twice"
	dispatchEarly   kind = "task dispatched early"
	dispatchLate    kind = "task dispatched late"
	taskLost        kind = "task lost"
	taskVanishes    kind = "task lost at once"
	purge           kind = "queue purged"
	mail429         kind = "SendGrid 429"
	mail503         kind = "SendGrid 503"
	mail500Before   kind = "SendGrid 500, not accepted"
	mail500After    kind = "SendGrid 500, accepted"
	mailTimeout     kind = "SendGrid time-out before acceptance"
	mailLost        kind = "SendGrid time-out after acceptance"
	mailUnconnected kind = "SendGrid refuses connections"
	mail401         kind = "SendGrid 401"
	mail400         kind = "SendGrid 400"
	mailAway        kind = "SendGrid away"
	eventMissing    kind = "event missing"
	eventTwice      kind = "event doubled"
	eventLate       kind = "event late, out of order"
	sweepTwice      kind = "two sweeps at once"
	sweepAway       kind = "Cloud Scheduler away"
	storeMissing    kind = "store missing from the configuration"
)

// kinds are all faults, each as often as it is to be drawn.
var kinds = func() []kind {
	often := []kind{
		die, die, die, die, stall, stall, loseAnswer, loseAnswer, dbAborted, dbContended, dbUnavailable, dbTimeout, dbLost, dbLost,
		createAway, createLost, dispatchTwice, dispatchTwice, dispatchEarly, dispatchLate, taskLost, taskLost, taskVanishes, taskVanishes, purge,
		mail429, mail503, mail500Before, mail500After, mailTimeout, mailLost, mailUnconnected, mail401, mail400,
		eventMissing, eventTwice, eventLate, sweepTwice, sweepAway,
	}
	// Three of each for one of the long ones, which cost most time.
	return append(slices.Concat(often, often, often), dbAway, mailAway, mailAway, storeMissing)
}()

// fault is one thing that goes wrong.
type fault struct {
	id   int
	kind kind
	at   time.Duration // since begin
	n    int           // of die: how many effects later; else how many calls or tasks it hits
	last time.Duration // how long an outage, a delay or a standstill lasts
}

func (d *drawing) faultsOf(n int) []fault {
	var list []fault
	from := kinds
	if d.chance(10) {
		from = []kind{taskLost, taskVanishes, taskVanishes, purge}
	}
	for i := range n {
		f := fault{id: i, kind: from[d.IntN(len(from))], at: d.moment(), n: 1 + d.IntN(3)}
		switch f.kind {
		case die:
			f.n = d.IntN(12)
		case stall:
			f.n, f.last = d.IntN(12), d.pick(3*time.Second, 9*time.Second, 20*time.Second, 40*time.Second)
		case dbAway:
			f.last = d.pick(time.Minute, 10*time.Minute, time.Hour, 8*time.Hour)
		case mailAway:
			f.last = d.pick(10*time.Minute, 3*time.Hour, day)
		case dispatchEarly:
			f.last = d.pick(time.Millisecond, time.Second, 4*time.Second, 8*time.Second, time.Minute)
		case dispatchLate:
			f.last = d.pick(time.Second, time.Minute, time.Hour, 7*time.Hour, 3*day)
		case taskVanishes:
			f.n = 1 + d.IntN(6)
		case sweepAway:
			f.last = d.pick(time.Hour, 12*time.Hour)
		case storeMissing:
			f.last = d.pick(time.Minute, time.Hour, 2*time.Hour, 7*time.Hour)
		case eventLate:
			f.last = d.pick(time.Minute, time.Hour, day)
		}
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b fault) int { return int(a.at - b.at) })
	return list
}
