package console

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

//go:embed page.html console.css console.js
var assets embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"stamp":   func(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006, 15:04:05") },
	"rel":     relative,
}).ParseFS(assets, "page.html"))

const (
	mailsPerPage = 100
	tasksShown   = 50

	// pagePolicy lets the page load nothing but its own two files and frames.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	// A mail is somebody else's HTML: no scripts, no forms, and its links open
	// outside the frame. Its pictures are fetched only where the reader asks.
	mailPolicy     = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox; img-src data:"
	picturesPolicy = mailPolicy + " http: https:"
)

func (c *Console) pages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", c.index)
	mux.HandleFunc("GET /messages/{id}", c.index)
	mux.HandleFunc("GET /messages/{id}/html", c.mailHTML)
	files := http.FileServerFS(assets)
	mux.Handle("GET /console.css", files)
	mux.Handle("GET /console.js", files)
}

// view is what page.html shows.
type view struct {
	Now          time.Time
	Ahead        string // of real time; "": it is real time
	HasMailbox   bool
	Mails        []sendgrid.Message // newest first, one page of them
	MailCount    int
	Page         int // from 1
	Newer, Older int // pages; 0: none
	Selected     *sendgrid.Message
	NotFound     bool // a mail was asked for that is not there
	Pictures     bool // are shown
	HasPictures  bool
	Events       []string
	HasTasks     bool
	Tasks        []Task
	TaskCount    int
	NextDue      string // RFC 3339; "": nothing is due later than now
	Faults       []shownFault
	Modes        []targetModes
	Health       []figure
}

type targetModes struct {
	Target string
	Modes  []string
}

// figure is one line of the health report.
type figure struct{ Name, Value string }

// index is the page, at / with the newest mail opened, at /messages/{id} with that one.
func (c *Console) index(w http.ResponseWriter, r *http.Request) {
	v := &view{Now: c.o.Clock.Now(), Events: sendgrid.EventKinds(), Faults: c.faults.list()}
	if ahead := time.Until(v.Now); ahead >= time.Second {
		v.Ahead = span(ahead)
	}
	v.Page, _ = strconv.Atoi(r.URL.Query().Get("page"))
	v.Pictures = r.URL.Query().Has("pictures")
	if c.o.Mailbox != nil {
		v.mails(c.o.Mailbox.Messages(), r.PathValue("id"))
	}
	if c.o.Tasks != nil {
		v.tasks(c.o.Tasks.Pending())
	}
	for _, target := range slices.Sorted(maps.Keys(c.o.Faults)) {
		v.Modes = append(v.Modes, targetModes{target, modes[target]})
	}
	v.Health = c.figures(r.Context())
	var body bytes.Buffer
	if err := page.Execute(&body, v); err != nil {
		writeError(w, fmt.Errorf("showing the page: %w", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	if v.NotFound {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = body.WriteTo(w) // the reader may be gone
}

// mails puts one page of the mailbox into the view, and the mail to read.
func (v *view) mails(all []sendgrid.Message, id string) {
	v.HasMailbox, v.MailCount = true, len(all)
	slices.Reverse(all)
	if len(all) > 0 {
		v.Selected = &all[0]
	}
	if id != "" {
		at := slices.IndexFunc(all, func(m sendgrid.Message) bool { return m.ID == id })
		if v.NotFound = at < 0; v.NotFound {
			v.Selected = nil
		} else {
			v.Selected = &all[at]
			if v.Page == 0 {
				v.Page = at/mailsPerPage + 1
			}
		}
	}
	if v.Selected != nil {
		v.HasPictures = remotePicture.MatchString(v.Selected.HTML)
	}
	pages := max(1, (len(all)+mailsPerPage-1)/mailsPerPage)
	v.Page = min(max(v.Page, 1), pages)
	v.Newer = v.Page - 1
	if v.Page < pages {
		v.Older = v.Page + 1
	}
	from := (v.Page - 1) * mailsPerPage
	v.Mails = all[from:min(from+mailsPerPage, len(all))]
}

func (v *view) tasks(all []Task) {
	v.HasTasks, v.TaskCount, v.Tasks = true, len(all), all[:min(len(all), tasksShown)]
	later := func(t Task) bool { return t.ScheduleTime.After(v.Now) }
	if at := slices.IndexFunc(all, later); at >= 0 {
		v.NextDue = all[at].ScheduleTime.UTC().Format(time.RFC3339Nano)
	}
}

var (
	remotePicture = regexp.MustCompile(`(?i)<img\s[^>]*src\s*=\s*["']?https?://`)
	headTag       = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)
)

// mailHTML is a mail's HTML part as it came, for the page's frame.
func (c *Console) mailHTML(w http.ResponseWriter, r *http.Request) {
	if c.o.Mailbox == nil {
		writeError(w, off("the SendGrid emulator"))
		return
	}
	for _, m := range c.o.Mailbox.Messages() {
		if m.ID != r.PathValue("id") {
			continue
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", mailPolicy)
		if r.URL.Query().Has("pictures") {
			w.Header().Set("Content-Security-Policy", picturesPolicy)
		}
		_, _ = w.Write([]byte(outwards(m.HTML))) // the reader may be gone
		return
	}
	writeError(w, &apiError{status: http.StatusNotFound, Code: "not_found", Message: "no such mail"})
}

// outwards makes a mail's links open in a tab of their own, not in the frame.
func outwards(html string) string {
	const base = `<base target="_blank">`
	if at := headTag.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return base + html
}

// figures are the health report's top level, by name.
func (c *Console) figures(ctx context.Context) []figure {
	if c.o.Health == nil {
		return nil
	}
	report, err := c.o.Health(ctx)
	if err != nil {
		return []figure{{"error", err.Error()}}
	}
	encoded, err := json.Marshal(report)
	if err != nil {
		return []figure{{"error", err.Error()}}
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(encoded, &fields) != nil {
		return []figure{{"health", string(encoded)}}
	}
	var all []figure
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := string(fields[name])
		if text := ""; json.Unmarshal(fields[name], &text) == nil {
			value = text
		}
		all = append(all, figure{name, value})
	}
	return all
}

// relative is how far t is from now: "in 29 min", "3 h 5 min ago", "now".
func relative(t, now time.Time) string {
	switch d := t.Sub(now).Round(time.Second); {
	case d > 0:
		return "in " + span(d)
	case d < 0:
		return span(-d) + " ago"
	}
	return "now"
}

// span shows a duration roughly: seconds only where there are no minutes, so
// that the page does not change each second.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch days, hours, minutes := int(d/day), int(d%day/time.Hour), int(d%time.Hour/time.Minute); {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", int(d/time.Second))
}
