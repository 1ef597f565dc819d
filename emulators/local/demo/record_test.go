package demo

import (
	"strings"
	"testing"
	"time"
)

func TestReadsTheMailbox(t *testing.T) {
	t.Parallel()
	r := newRecord()
	run := runTag(day)
	report := func(id, shopper, article string) {
		c := &checkout{ID: id, Email: shopper, AbandonedAt: &day, article: article}
		r.started(c, day, schedule(day))
	}
	ana, ben := "Ana."+run+"@example.net", "ben."+run+"@example.net"
	report("chk_1", ana, "art. 00001")
	report("chk_2", ben, "art. 00002")
	report("chk_3", ben, "art. 00003")
	box := []message{
		{To: ben, Text: "boots, art. 00003", CustomArgs: map[string]string{"message_id": "my-shop.abc-12-2"}, SentAt: day.Add(time.Hour)},
		{To: strings.ToLower(ana), Text: "boots", CustomArgs: map[string]string{"message_id": "default.def-1-0"}, SentAt: day},
		{To: "carl.other@example.net", Text: "somebody else's"},
	}
	if err := r.read(box, run); err != nil {
		t.Fatal(err)
	}
	if len(r.mails) != 2 {
		t.Fatalf("got %d mails, want the run's two", len(r.mails))
	}
	first, second := r.mails[0], r.mails[1]
	if first.of.id != "chk_1" || first.generation != 1 || first.step != 0 || second.of.id != "chk_3" || second.generation != 12 || second.step != 2 {
		t.Errorf("got %+v and %+v, want chk_1's 1-0 and chk_3's 12-2", first, second)
	}
	for name, m := range map[string]message{
		"no checkout of the shopper": {To: ben, Text: "boots, art. 00001", CustomArgs: map[string]string{"message_id": "default.abc-1-0"}},
		"a shopper who is unknown":   {To: "carl." + run + "@example.net", CustomArgs: map[string]string{"message_id": "default.abc-1-0"}},
		"no message_id":              {To: ana},
		"an odd message_id":          {To: ana, CustomArgs: map[string]string{"message_id": "default.abc-1-x"}},
	} {
		if err := newRecord().read([]message{m}, run); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if err := r.read([]message{m}, run); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestOrdersCountByTheirFirstCall(t *testing.T) {
	t.Parallel()
	r := newRecord()
	placed := day.Add(-time.Hour)
	r.ordered(&order{ID: "1"}, day, day.Add(time.Second))
	r.ordered(&order{ID: "1", PlacedAt: &placed}, day.Add(time.Hour), day.Add(time.Hour))
	r.ordered(&order{ID: "2", PlacedAt: &placed}, day, day)
	if len(r.orders) != 2 || r.orders[0].placed != day || r.orders[1].placed != placed || r.orders[0].answered != day.Add(time.Second) {
		t.Errorf("got %+v, want the first placed on arrival, the second when it says", r.orders)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "12ms": 12 * time.Millisecond, "1m": time.Minute, "30m": 30 * time.Minute, "1d": 24 * time.Hour,
		"4d12h": 108 * time.Hour, "-2h5s": -2*time.Hour - 5*time.Second,
	} {
		if got := span(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var lines, line strings.Builder
	file, terminal := progress{out: &lines}, progress{out: &line, terminal: true}
	for hour := range 25 {
		for _, p := range []*progress{&file, &terminal} {
			p.show(day.Add(time.Duration(hour)*time.Hour), hour, 1, 2, 3)
		}
	}
	file.end()
	terminal.end()
	if got := strings.Count(lines.String(), "\n"); got != 3 || !strings.Contains(lines.String(), "day 1  Sat 17:30    24 checkouts    1 orders     2 mails     3 tasks") {
		t.Errorf("got %d lines, want one for each half day:\n%s", got, lines.String())
	}
	if strings.Count(line.String(), "\n") != 1 || strings.Count(line.String(), "\r") != 25 {
		t.Errorf("got %q, want one line, written over 24 times", line.String())
	}
}
