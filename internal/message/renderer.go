// Package message writes the mails: subject, HTML and plain text, in the shopper's
// language. It implements [recovery.Renderer].
//
// What comes from a cart (titles, names, links) may have been written by anybody.
// It appears as text, on one line and of bounded length, and links lead nowhere
// but to http and https.
package message

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	texttemplate "text/template"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

//go:embed templates
var templates embed.FS

// The names of the built-in templates.
const (
	First  = "first"  // a gentle reminder
	Second = "second" // it is still there
	Last   = "last"   // the last reminder
)

// Renderer writes mails from the built-in templates. Its methods may be called
// side by side.
type Renderer struct {
	html      *template.Template
	text      *texttemplate.Template
	languages *languages
	log       *slog.Logger
}

var _ recovery.Renderer = (*Renderer)(nil)

// New reads the built-in templates and their words. An error is a fault of the
// build.
func New(log *slog.Logger) (*Renderer, error) {
	html, err := template.ParseFS(templates, "templates/mail.html")
	if err != nil {
		return nil, fmt.Errorf("reading the HTML template: %w", err)
	}
	text, err := texttemplate.ParseFS(templates, "templates/mail.txt")
	if err != nil {
		return nil, fmt.Errorf("reading the text template: %w", err)
	}
	languages, err := readLanguages()
	if err != nil {
		return nil, err
	}
	return &Renderer{html: html, text: text, languages: languages, log: log}, nil
}

// Render writes the mail for the step in the language of the checkout's locale, or
// else of the store's, or else in English. An unknown template is replaced by the
// built-in of the step's place.
func (r *Renderer) Render(s *recovery.Store, c *recovery.Checkout, step int, reminder recovery.Reminder, links recovery.Links) (recovery.Content, error) {
	name := reminder.Template
	if name != First && name != Second && name != Last {
		name = builtIn(s, step)
		r.log.Warn("template not known, a built-in takes its place",
			"store", s.ID, "template", reminder.Template, "built_in", name)
	}
	v := newView(s, c, r.languages.forLocales(c.Locale, s.Locale), name, reminder.Coupon, links)
	var html, text bytes.Buffer
	if err := r.html.Execute(&html, v); err != nil {
		return recovery.Content{}, fmt.Errorf("rendering HTML: %w", err)
	}
	if err := r.text.Execute(&text, v); err != nil {
		return recovery.Content{}, fmt.Errorf("rendering text: %w", err)
	}
	return recovery.Content{Subject: v.Subject, HTML: html.String(), Text: text.String()}, nil
}

// builtIn is the template of a step's place among the store's steps.
func builtIn(s *recovery.Store, step int) string {
	switch {
	case step <= 0:
		return First
	case step >= len(s.Steps)-1:
		return Last
	}
	return Second
}
