package main

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/gcplog"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/terraform"
)

// Off as an address says that the part is provided elsewhere.
const Off = "off"

// Options say what a System runs and where.
type Options struct {
	Config     []byte // YAML
	ConfigName string // as named in errors
	Data       string // directory; "" keeps everything in memory
	// Addresses, or Off.
	Functions, Console, Firestore, CloudTasks, SendGrid string
	// Indexes are the definitions that the Firestore emulator enforces; none lets
	// every query pass.
	Indexes [][]byte
	// Now starts the clock there; zero means the machine's time or the kept clock.
	Now time.Time
	// Lookup reads the environment.
	Lookup func(string) (string, bool)
	Log    *slog.Logger
	// Latency delays each call to Firestore and Cloud Tasks, for benchmarks.
	Latency time.Duration
	// Unlimited lifts the queue's rate limit, for benchmarks.
	Unlimited bool
	// These are limits in real time; zero means a deployment's.
	Deadlines                    recovery.Deadlines
	QueueTimeout, CallerDeadline time.Duration
	// Slow makes real time pass so many times slower for the clock; 0 does not. It is
	// for tests, whose outcome a busy machine must not change.
	Slow time.Duration
	// NoSweep leaves out the sweep of each minute.
	NoSweep bool
}

// DefaultOptions are those of make run.
func DefaultOptions() Options {
	return Options{
		Config: config.Default(), ConfigName: "the built-in example store", Data: ".local",
		Functions: "127.0.0.1:8080", Console: "127.0.0.1:8025", Firestore: "127.0.0.1:8200",
		CloudTasks: "127.0.0.1:8123", SendGrid: "127.0.0.1:8026",
		Indexes: [][]byte{terraform.Indexes}, Lookup: os.LookupEnv,
	}
}

// logger writes what a person at the terminal has to see; LOG_LEVEL says more.
func logger(w io.Writer) *slog.Logger {
	level := slog.LevelWarn
	if s, ok := os.LookupEnv("LOG_LEVEL"); ok {
		_ = level.UnmarshalText([]byte(s)) // an odd level leaves the default
	}
	return gcplog.New(w, level)
}
