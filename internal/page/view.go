package page

import (
	"html/template"
	"strings"
)

// view is what the template shows.
type view struct {
	Lang, Dir, Shop, Title, Text string
	Style                        template.CSS
	Choices                      []choice
	Link, LinkLabel              string // to the shop
}

type choice struct {
	Value Choice
	Label string
	Quiet bool
}

func (p *Pages) view(page Page) view {
	locale, name := "", ""
	if page.Store != nil {
		locale, name = page.Store.Locale, page.Store.Name
	}
	w := p.languages.of(page.Locale, page.Accept, locale)
	in := func(phrase string) string { return strings.ReplaceAll(phrase, "{shop}", name) }
	said := w.Pages[page.Kind]
	v := view{Lang: w.lang, Dir: w.Dir, Shop: name, Title: in(said.Title), Text: in(said.Text), Style: template.CSS(pageCSS)}
	switch page.Kind {
	case Ask:
		v.Choices = []choice{{Never, w.Never, false}, {Checkout, w.Checkout, true}}
	case Unsubscribed:
		v.Choices = []choice{{UndoNever, w.Undo, true}}
	case Left:
		v.Choices = []choice{{UndoCheckout, w.Undo, true}}
	case Away:
		if page.Again != "" {
			v.Choices = []choice{{page.Again, w.Again, false}}
		}
	case Expired, Gone, Bought, Empty:
		if v.Link = shopURL(page); v.Link != "" {
			v.LinkLabel = in(w.Shop)
		}
	}
	return v
}

// shopURL is where a page without a way back leads: to what the browser may still keep of
// the cart, or to the shop after an order.
func shopURL(page Page) string {
	s := page.Store
	switch {
	case s == nil:
		return ""
	case page.Kind != Bought && s.CartURL != "", s.URL == "":
		return s.CartURL
	}
	return s.URL
}
