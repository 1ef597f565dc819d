package config

import (
	"maps"
	"slices"
)

// work is what one function cannot do its work without.
type work struct {
	secrets   []string // keys of the file, below a store
	variables []string // of the environment; required in the cloud only
}

// enqueues are the variables of every function that creates tasks for Remind.
var enqueues = []string{varQueues, varRemindURL, varTasksAccount}

// functions lists every function with its secrets and variables. It is the one
// place that says so: a function is given no other secret.
var functions = map[string]work{
	"Checkout":       {secrets: []string{keyAPIKeys, keyIDKey}, variables: enqueues},
	"Order":          {secrets: []string{keyAPIKeys, keyIDKey}, variables: enqueues},
	"Shopify":        {secrets: []string{keyShopifySecrets, keyIDKey}, variables: enqueues},
	"WooCommerce":    {secrets: []string{keyWooSecrets, keyIDKey}, variables: enqueues},
	"Remind":         {secrets: []string{keySendGridAPIKey, keyLinkKeys, keyIDKey, keyWooRESTKey, keyWooRESTSecret}, variables: append([]string{varRecoverURL, varUnsubscribeURL}, enqueues...)},
	"Sweep":          {variables: append([]string{varSweepURL, varSchedulerAccount}, enqueues...)},
	"SendGridEvents": {secrets: []string{keyEventsPublicKey, keyIDKey}},
	"Recover":        {secrets: []string{keyLinkKeys}},
	"Unsubscribe":    {secrets: []string{keyLinkKeys, keyLinkKeysRetired}},
	"Privacy":        {secrets: []string{keyAPIKeys, keyIDKey}},
	"Coupons":        {secrets: []string{keyAPIKeys}},
	"Dashboard":      {secrets: []string{keyIDKey}},
}

// Functions lists the names of all functions, sorted.
func Functions() []string { return slices.Sorted(maps.Keys(functions)) }

// Secrets lists the secrets that a function is given, as keys of the file below a
// store ("sendgrid.api_key"); nil for a function that has none, or is not known.
func Secrets(function string) []string { return slices.Clone(functions[function].secrets) }

// Requires lists the variables of the environment that a function cannot do its work
// without in the cloud, beside the project, the database and its secrets.
func Requires(function string) []string { return slices.Clone(functions[function].variables) }

// needs says whether the loaded function, or any if none is named, is given a
// secret or needs a variable.
func (l *loader) needs(name string) bool {
	for f, w := range functions {
		if (l.function == "" || l.function == f) && (slices.Contains(w.secrets, name) || slices.Contains(w.variables, name)) {
			return true
		}
	}
	return false
}
