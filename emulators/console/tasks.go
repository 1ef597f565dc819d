package console

import "net/http"

func (c *Console) tasks(*http.Request) (any, error) {
	if c.o.Tasks == nil {
		return nil, off("the Cloud Tasks emulator")
	}
	all := c.o.Tasks.Pending()
	if all == nil {
		all = []Task{} // [] and not null
	}
	return all, nil
}

func (c *Console) purge(r *http.Request) (any, error) {
	if c.o.Tasks == nil {
		return nil, off("the Cloud Tasks emulator")
	}
	return nil, c.o.Tasks.Purge(r.Context())
}

func (c *Console) health(r *http.Request) (any, error) {
	if c.o.Health == nil {
		return nil, off("the health report")
	}
	return c.o.Health(r.Context())
}
