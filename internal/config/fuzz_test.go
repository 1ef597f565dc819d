package config_test

import (
	"testing"

	"github.com/comeback-checkout/comeback/internal/config"
)

// FuzzLoad looks for files that end the program, or pass and break a promise.
func FuzzLoad(f *testing.F) {
	f.Add(config.Default())
	f.Add([]byte(store("cooldown: &c {same_step: 1h}\ncap: *c")))
	f.Add([]byte("stores: &s {default: *s}"))
	f.Add([]byte("stores: {? [a] : b}\n"))
	f.Add([]byte(store("reminders: [{after: 1d12h}, {after: 3d, coupon: X}]\nspread: 1m")))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := config.Load(file, env{}.lookup, "")
		if err != nil {
			return
		}
		if len(c.Stores) == 0 || c.Queues != len(c.Env.Queues) {
			t.Fatalf("got %d stores, %d queues, %d names", len(c.Stores), c.Queues, len(c.Env.Queues))
		}
		for id, s := range c.Stores {
			if s.ID != id || s.From.Email == "" || s.PostalAddress == "" || s.TimeZone == nil || len(s.APIKeys) == 0 || s.LinkHosts == nil {
				t.Errorf("store %q lacks something", id)
			}
			for i, step := range s.Steps {
				if step.After <= 0 || i > 0 && step.After <= s.Steps[i-1].After || step.Template == "" || s.Retention <= step.After+s.Spread+s.MaxLate {
					t.Errorf("step %d: %+v", i, step)
				}
			}
		}
	})
}
