package simulation

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/internal/link"
	"github.com/comeback-checkout/comeback/internal/page"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// theLinks makes and reads the links of all stores' mails.
var theLinks = func() *link.Links {
	keys := map[string]link.Keys{}
	for _, store := range storeIDs {
		keys[store] = link.Keys{Current: [][]byte{[]byte("link key of " + store)}}
	}
	return link.New("https://functions.example.com/r", "https://functions.example.com/u", keys)
}()

// thePages are what a link leads to that leads no further.
var thePages = sync.OnceValue(func() *page.Pages { return must(page.New()) })

// shopURL is where links lead that know no better.
func shopURL(store string) string { return "https://" + store + ".example.com/" }

// follows is what somebody wants who follows a link.
type follows string

// What links are followed for.
const (
	click     follows = "a click"
	look      follows = "a look of a program"
	never     follows = follows(page.Never)
	leave     follows = follows(page.Checkout)
	undoNever follows = follows(page.UndoNever)
	undoLeave follows = follows(page.UndoCheckout)
)

// following is what somebody does with a link of a mail.
type following struct {
	what         follows
	key          reminderKey
	to           string        // whom the mail was sent to
	begun, ended moment        // ended is zero where no answer came
	clock        time.Duration // of the instance, when it began
	status       int
	calm         bool // nothing went wrong meanwhile
}

// links are those of one mail.
type links struct {
	*world
	*attempt
	store     string
	back, out string // tokens
	test      bool
	tries     int
}

// follow draws what the one who gets the mail does with its links.
func (w *world) follow(a *attempt, mail recovery.Mail) {
	l := &links{world: w, attempt: a, store: a.store, back: tokenOf(mail.Text), out: tokenOf(mail.Unsubscribe), test: w.isTest(a.checkout)}
	dice := w.throw(mail.MessageID, 2)
	if dice.chance(4) {
		what := click
		if dice.chance(4) {
			what = look
		}
		for range 1 + dice.n(5)/4 {
			l.in(soon(&dice), what)
		}
	}
	switch dice.n(24) {
	case 0, 1:
		l.leaves(&dice, never, undoNever)
	case 2:
		l.leaves(&dice, leave, undoLeave)
	case 3:
		w.after(time.Minute, l.misuse)
	}
}

// soon is when somebody does something with a mail: mostly at once, or days later.
func soon(dice *dice) time.Duration {
	most := []time.Duration{5 * time.Second, 10 * time.Minute, time.Hour, 2 * day, 7 * day}[dice.n(5)]
	return time.Second + time.Duration(dice.next()%uint64(most)).Truncate(time.Microsecond)
}

// leaves has the shopper leave, once or twice, and perhaps think better of it.
func (l *links) leaves(dice *dice, what, undo follows) {
	after := soon(dice)
	l.in(after, what)
	if dice.chance(3) {
		l.in(after+time.Duration(dice.n(3000))*time.Millisecond, what)
	}
	if dice.chance(2) {
		after += soon(dice)
		l.in(after, undo)
		if dice.chance(4) {
			l.in(after+soon(dice), what)
		}
	}
}

func (l *links) in(d time.Duration, what follows) {
	l.after(d, func() { l.send(what, 1) })
}

// effective is what comes of it: who gets a test's mail leaves the test alone.
func (l *links) effective(what follows) follows {
	switch {
	case l.test && what == never:
		return leave
	case l.test && what == undoNever:
		return undoLeave
	}
	return what
}

// send follows the link, and again until that was answered well.
func (l *links) send(what follows, try int) {
	l.tries++
	inst, dice := l.choose(label(l.reminderKey.String()+string(what), l.tries), try)
	f := &following{what: l.effective(what), key: l.reminderKey, to: l.to, begun: l.moment(), clock: l.now + inst.skew}
	hits := l.faults()
	l.record.followed = append(l.record.followed, f)
	if f.what == leave || f.what == undoLeave {
		l.taint(l.checkout)
	}
	lost := dice.chance(12)
	l.serve(inst, dice, l.checkout, l.call(what, &dice), func(a reply) {
		l.tell("%s with the link of %s: answered %d", what, l.reminderKey, a.status)
		if a.location != "" && !strings.HasPrefix(a.location, shopURL(l.store)) {
			l.record.violate(8, "the link of reminder %s leads to %s", l.reminderKey, a.location)
		}
		if f.status = a.status; a.status != 0 {
			f.ended, f.calm = l.moment(), l.faults() == hits
		}
		if (a.status != http.StatusOK || lost) && what != click && what != look && try < 20 {
			l.after(5*time.Second<<min(try, 11), func() { l.send(what, try+1) })
		}
	})
}

// call is the request that the mail program or the browser makes.
func (l *links) call(what follows, dice *dice) call {
	const browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
	c := call{method: http.MethodGet, path: "/r/" + l.back, header: "User-Agent", value: browser}
	switch what {
	case click:
		return c
	case look:
		switch dice.n(3) {
		case 0:
			c.method = http.MethodHead
		case 1:
			c.more = [2]string{"Sec-Purpose", "prefetch"}
		default:
			c.value = "Mozilla/5.0 (compatible; Googlebot/2.1)"
		}
		return c
	}
	c = call{path: "/u/" + l.out, content: "application/x-www-form-urlencoded", body: []byte(url.Values{page.Field: {string(what)}}.Encode())}
	if what != never {
		return c
	}
	switch dice.n(3) {
	case 0:
		c.body = []byte("List-Unsubscribe=One-Click")
	case 1:
		c.content = "multipart/form-data; boundary=b"
		c.body = []byte("--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n")
	}
	return c
}

// misuse tries each of the links as the other, which is nothing that it is for.
func (l *links) misuse() {
	for _, c := range []call{{path: "/u/" + l.back}, {method: http.MethodGet, path: "/r/" + l.out}} {
		inst, dice := l.choose(l.reminderKey.String()+c.path[:3], 0)
		l.serve(inst, dice, "", c, func(a reply) {
			if a.status != 0 && a.status != http.StatusNotFound {
				l.record.violate(9, "a link of reminder %s was taken at %s, for which it is not: answered %d", l.reminderKey, c.path[:3], a.status)
			}
		})
	}
}

func tokenOf(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

// isTest says whether the checkout, by its key, is a test.
func (w *world) isTest(key string) bool {
	for i := range w.plan.ops {
		if o := &w.plan.ops[i]; o.do == postCheckout && w.keys(o.about) == key {
			return o.about.test
		}
	}
	return false
}

// faults counts what went wrong so far.
func (w *world) faults() (n int) {
	for _, hits := range w.record.hits {
		n += hits
	}
	return n
}
