package cloudtasks

import (
	"math"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// The service's own caps (cloud.google.com/tasks/docs/quotas).
const (
	maxRate        = 500
	maxConcurrency = 5000
)

// checkQueue refuses a configuration that the service refuses.
func checkQueue(q *cloudtaskspb.Queue) error {
	if q.GetAppEngineRoutingOverride() != nil || q.GetHttpTarget() != nil {
		return status.Error(codes.Unimplemented, "The emulator has no queue-level targets.")
	}
	r := q.GetRateLimits()
	switch {
	case r.GetMaxDispatchesPerSecond() < 0:
		return invalid("RateLimits.maxDispatchesPerSecond cannot be negative.")
	case r.GetMaxDispatchesPerSecond() > maxRate:
		return invalid("RateLimits.maxDispatchesPerSecond must be less than or equal to 500.")
	case r.GetMaxConcurrentDispatches() < 0:
		return invalid("RateLimits.maxConcurrentDispatches cannot be negative.")
	case r.GetMaxConcurrentDispatches() > maxConcurrency:
		return invalid("RateLimits.maxConcurrentDispatches must be less than or equal to 5000.")
	}
	return checkRetry(q.GetRetryConfig())
}

func checkRetry(c *cloudtaskspb.RetryConfig) error {
	full := retryDefaults(c)
	switch {
	case c.GetMaxAttempts() < -1:
		return invalid("RetryConfig.maxAttempts must be greater or equal to -1.")
	case c.GetMaxDoublings() < 0:
		return invalid("RetryConfig.maxDoublings cannot be negative.")
	case c.GetMinBackoff().AsDuration() < 0:
		return invalid("RetryConfig.minBackoff cannot be negative.")
	case c.GetMaxBackoff().AsDuration() < 0:
		return invalid("RetryConfig.maxBackoff cannot be negative.")
	case c.GetMaxRetryDuration().AsDuration() < 0:
		return invalid("RetryConfig.maxRetryDuration cannot be negative.")
	case full.MinBackoff.AsDuration() > full.MaxBackoff.AsDuration():
		return invalid("RetryConfig.minBackoff must be less than or equal to RetryConfig.maxBackoff.")
	}
	return nil
}

// rateDefaults fills what is not given as the service does. The burst is the
// service's to choose, "generally at least equal to max_dispatches_per_second".
func rateDefaults(given *cloudtaskspb.RateLimits) *cloudtaskspb.RateLimits {
	r := &cloudtaskspb.RateLimits{
		MaxDispatchesPerSecond:  given.GetMaxDispatchesPerSecond(),
		MaxConcurrentDispatches: given.GetMaxConcurrentDispatches(),
	}
	if r.MaxDispatchesPerSecond == 0 {
		r.MaxDispatchesPerSecond = maxRate
	}
	if r.MaxConcurrentDispatches == 0 {
		r.MaxConcurrentDispatches = 1000
	}
	r.MaxBurstSize = int32(min(math.Ceil(r.MaxDispatchesPerSecond), math.MaxInt32))
	return r
}

// retryDefaults fills what is not given as the service does.
func retryDefaults(given *cloudtaskspb.RetryConfig) *cloudtaskspb.RetryConfig {
	c := &cloudtaskspb.RetryConfig{
		MaxAttempts:      given.GetMaxAttempts(),
		MaxRetryDuration: given.GetMaxRetryDuration(),
		MinBackoff:       given.GetMinBackoff(),
		MaxBackoff:       given.GetMaxBackoff(),
		MaxDoublings:     given.GetMaxDoublings(),
	}
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 100
	}
	if c.MinBackoff.AsDuration() == 0 {
		c.MinBackoff = durationpb.New(100 * time.Millisecond)
	}
	if c.MaxBackoff.AsDuration() == 0 {
		c.MaxBackoff = durationpb.New(time.Hour)
	}
	if c.MaxDoublings == 0 {
		c.MaxDoublings = 16
	}
	return c
}

// copyField sets the field at path, a part of an update mask, as it is in src;
// it reports whether there is such a field.
func copyField(dst, src protoreflect.Message, path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	field := dst.Descriptor().Fields().ByName(protoreflect.Name(name))
	switch {
	case field == nil:
		return false
	case nested:
		return field.Kind() == protoreflect.MessageKind &&
			copyField(dst.Mutable(field).Message(), src.Get(field).Message(), rest)
	case src.Has(field):
		dst.Set(field, src.Get(field))
	default:
		dst.Clear(field)
	}
	return true
}
