// Package page writes the few pages that shoppers see of Comeback, behind the links in
// its mails: small, without scripts, and with nothing in them that is fetched from
// elsewhere.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
)

// Kind is what a page says.
type Kind string

// The pages.
const (
	Expired      Kind = "expired"      // the link is too old
	Bought       Kind = "bought"       // there is an order already
	Empty        Kind = "empty"        // the shopper took everything out of the cart
	Gone         Kind = "gone"         // the checkout is not kept any more
	Invalid      Kind = "invalid"      // nobody signed the link
	Ask          Kind = "ask"          // how far to unsubscribe
	Unsubscribed Kind = "unsubscribed" // never again
	Left         Kind = "left"         // not for this checkout
	Undone       Kind = "undone"       // the choice is taken back; whether mail follows is not told
	Away         Kind = "away"         // it could not be done: try again
)

// Choice is what a page's button sends to the page's own address, as the field Field.
type Choice string

// The choices.
const (
	Never        Choice = "never"
	Checkout     Choice = "checkout"
	UndoNever    Choice = "undo-never"
	UndoCheckout Choice = "undo-checkout"
)

// Field is the name under which a form sends its choice.
const Field = "choice"

// Page is one page, for one shopper.
type Page struct {
	Kind
	Store  *recovery.Store // nil if it is not known
	Locale string          // the checkout's; "" if it is not known
	Accept string          // the request's Accept-Language
	Again  Choice          // what Away offers to try again; "" for nothing
}

// Pages writes pages. Its methods may be called side by side.
type Pages struct {
	html      *template.Template
	languages *languages
	policy    string
}

// New reads the pages and their words. An error is a fault of the build.
func New() (*Pages, error) {
	html, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("reading the page's template: %w", err)
	}
	languages, err := readLanguages()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(pageCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return &Pages{html: html, languages: languages, policy: policy}, nil
}

// Render writes the page in the language of the checkout's locale, or else of the
// store's, or else of the browser's, or else in English. It returns what to answer, and
// the headers that go with it: nothing keeps, indexes or frames a page, or learns its
// address from it.
func (p *Pages) Render(page Page) ([]byte, http.Header, error) {
	v := p.view(page)
	var html bytes.Buffer
	if err := p.html.Execute(&html, v); err != nil {
		return nil, nil, fmt.Errorf("rendering a page: %w", err)
	}
	h := http.Header{}
	Guard(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang)
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Frame-Options", "DENY")
	// To nobody else; but without any the browser posts the page's form with "Origin: null".
	h.Set("Referrer-Policy", "same-origin")
	return html.Bytes(), h, nil
}

// Guard sets the headers of every answer to a shopper: nobody is to keep, index or pass on
// the address of a link.
func Guard(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
}
