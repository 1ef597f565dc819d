package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// privacyPaths are the two things that the function does, also below its name.
var privacyPaths = []string{"/privacy/erase", "/privacy/export", "/Privacy/erase", "/Privacy/export"}

// privacy is POST /privacy/erase and /privacy/export: what a shopper may ask of the store.
func privacy(ctx context.Context, a *app.App, r *request) (response, error) {
	export := strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/export")
	if !export && !strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/erase") {
		return response{}, &requestError{status: http.StatusNotFound, code: "not_found", message: "want …/erase or …/export"}
	}
	o, st, err := storefront(a, r)
	if err != nil {
		return response{}, err
	}
	email := o.email("email", true)
	if *o.err != nil {
		return response{}, *o.err
	}
	if export {
		return exportShopper(ctx, a, st, email)
	}
	result, err := a.Service.EraseShopper(ctx, st.ID, recovery.Erasure{Emails: []string{email}})
	if err != nil {
		return response{}, err
	}
	return response{
		status: http.StatusOK, body: erasedBody{true, result.Checkouts, result.Orders, result.Messages}, outcome: "erased",
		attrs: []any{"checkouts", result.Checkouts, "orders", result.Orders, "messages", result.Messages},
	}, nil
}

type erasedBody struct {
	Erased    bool `json:"erased"`
	Checkouts int  `json:"checkouts"`
	Orders    int  `json:"orders"`
	Messages  int  `json:"messages"`
}

// exportShopper answers one JSON file.
func exportShopper(ctx context.Context, a *app.App, st *recovery.Store, email string) (response, error) {
	p, err := a.Service.ExportShopper(ctx, st.ID, email)
	if err != nil {
		return response{}, err
	}
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(exported(st.ID, email, p)); err != nil {
		return response{}, err
	}
	return response{
		status: http.StatusOK, page: file.Bytes(), outcome: "exported",
		header: http.Header{
			"Content-Type":           {"application/json; charset=utf-8"},
			"Content-Disposition":    {`attachment; filename="shopper.json"`},
			"Cache-Control":          {"no-store"},
			"X-Content-Type-Options": {"nosniff"},
		},
		attrs: []any{"checkouts", len(p.Checkouts), "orders", len(p.Orders), "messages", len(p.Messages)},
	}, nil
}
