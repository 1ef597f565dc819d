package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/internal/callerauth"
)

// systemHealth is what GET /api/health tells: the sweep's figures, and whether
// SendGrid's events can be taken.
type systemHealth struct {
	Health
	Events string `json:"sendgrid_events"`
}

// report is the health as it is now.
func (s *System) report() systemHealth {
	return systemHealth{Health: s.sweeper.report(), Events: s.eventsHealth()}
}

// eventsHealth says which stores take no events, and how that is mended.
func (s *System) eventsHealth() string {
	var without []string
	for _, id := range slices.Sorted(maps.Keys(s.Config.Stores)) {
		if s.Config.Stores[id].SendGrid.EventsPublicKey == "" {
			without = append(without, id)
		}
	}
	switch len(without) {
	case 0:
		return "taken"
	case len(s.Config.Stores):
		return callerauth.ErrNoEventsKey.Error()
	}
	return "taken, but for " + strings.Join(without, ", ") + ": give sendgrid.events_public_key"
}
