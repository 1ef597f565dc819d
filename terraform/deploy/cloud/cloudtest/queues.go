package cloudtest

import (
	"fmt"
	"net/http"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// PutQueue makes a running queue, by its full name.
func (s *Server) PutQueue(fullName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[fullName] = cloud.QueueRunning
}

// QueueState is what a queue does; "" if there is none of that name.
func (s *Server) QueueState(fullName string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[fullName]
}

func (s *Server) getQueue(_ *http.Request, args []string) (any, *apiError) {
	name := fmt.Sprintf("projects/%s/%s", args[0], args[1])
	state, ok := s.queues[name]
	if !ok {
		return nil, notFound("Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize.")
	}
	return object{"name": name, "state": state}, nil
}

func (s *Server) turnQueue(r *http.Request, args []string) (any, *apiError) {
	if _, err := s.getQueue(r, args); err != nil {
		return nil, err
	}
	state := cloud.QueueRunning
	if args[2] == "pause" {
		state = cloud.QueuePaused
	}
	s.queues[fmt.Sprintf("projects/%s/%s", args[0], args[1])] = state
	return s.getQueue(r, args)
}
