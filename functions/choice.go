package functions

import (
	"bytes"
	"errors"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/comeback-checkout/comeback/internal/page"
)

// choice reads what a POST to a link to unsubscribe asks for, and whether our page's
// button sent it. Whatever is not one of the page's choices unsubscribes: one-click
// bodies are forms of either kind, and some providers send an empty or an odd one. The
// error says that the body did not come whole.
func (r *request) choice() (choice page.Choice, byPage bool, err error) {
	body, err := r.raw()
	if errors.Is(err, errIncomplete) {
		return "", false, err
	}
	form := readForm(r.Header.Get("Content-Type"), body)
	for name := range form {
		if strings.EqualFold(name, "List-Unsubscribe") {
			return page.Never, false, nil
		}
	}
	switch choice := page.Choice(form.Get(page.Field)); choice {
	case page.Never, page.Checkout, page.UndoNever, page.UndoCheckout:
		return choice, true, nil
	}
	return page.Never, false, nil
}

// readForm reads as much of a form as can be read.
func readForm(contentType string, body []byte) url.Values {
	kind, params, _ := mime.ParseMediaType(contentType)
	if kind != "multipart/form-data" {
		form, _ := url.ParseQuery(string(body))
		return form
	}
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(linkLimit)
	if err != nil {
		return nil
	}
	defer func() { _ = form.RemoveAll() }()
	return form.Value
}
