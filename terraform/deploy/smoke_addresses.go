package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// addresses are where the functions are, as Terraform's state knows it.
type addresses struct {
	URLs        map[string]string // by the function's name
	WebhookURLs map[string]string // by who calls; only those that there are
}

// readAddresses reads the addresses of the last apply.
func (p *program) readAddresses(ctx context.Context, o *options) (a addresses, err error) {
	outputs, err := p.readOutputs(ctx, o)
	if err != nil {
		return a, err
	}
	for name, into := range map[string]*map[string]string{"urls": &a.URLs, "webhook_urls": &a.WebhookURLs} {
		if len(outputs[name]) == 0 {
			continue
		}
		if err := json.Unmarshal(outputs[name], into); err != nil {
			return a, fmt.Errorf("output %s: want addresses by name", name)
		}
	}
	return a, nil
}
