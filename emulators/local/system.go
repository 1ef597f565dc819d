package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/emulators/console"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/firestore"
	"github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/config"
)

// System is all of Comeback on this machine, serving.
type System struct {
	Clock     *clock.Clock
	Firestore *firestore.Server // nil if it is elsewhere, like the next two
	Tasks     *cloudtasks.Server
	SendGrid  *sendgrid.Server
	App       *app.App // nil if the functions are elsewhere
	Config    *config.Config

	FunctionsURL, ConsoleURL string // "" if off

	o         Options
	keepClock func() error
	sweeper   *sweeper     // nil if there is none
	faults    atomic.Int32 // parts that the console has broken
	failed    chan error   // a server that ended by itself
	close     []func() error
	once      sync.Once
}

// Start runs a System. What it started before a failure is stopped again.
func Start(ctx context.Context, o Options) (s *System, err error) {
	if o.Lookup == nil {
		o.Lookup = func(string) (string, bool) { return "", false }
	}
	if host, ok := o.Lookup("FIRESTORE_EMULATOR_HOST"); ok && host != "" {
		o.Firestore = Off
	}
	s = &System{o: o, failed: make(chan error, 8)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, step := range []func(context.Context) error{
		s.startClock, s.startFirestore, s.startFunctionsAndTasks, s.startConsole,
	} {
		if err = step(ctx); err != nil {
			return s, err
		}
	}
	err = s.keepClock() // only now is it certain that the data directory is ours
	return s, err
}

// Close stops everything, the callers before what they call. Closing again does
// nothing.
func (s *System) Close() error {
	var errs []error
	s.once.Do(func() {
		for i := len(s.close) - 1; i >= 0; i-- {
			errs = append(errs, s.close[i]())
		}
	})
	return errors.Join(errs...)
}

func (s *System) onClose(f func() error) { s.close = append(s.close, f) }

func (s *System) startClock(context.Context) error {
	if s.o.Data != "" {
		if err := os.MkdirAll(s.o.Data, 0o700); err != nil {
			return fmt.Errorf("-data: %w", err)
		}
	}
	kept, err := openClockFile(s.path("clock"))
	if err != nil {
		return err
	}
	s.onClose(kept.Close)
	offset, err := kept.Start(s.o.Now, time.Now())
	if err != nil {
		return err
	}
	s.Clock = clock.NewSlow(offset, max(s.o.Slow, 1))
	s.onClose(func() error { s.Clock.Close(); return nil })
	s.Clock.OnJump(kept.Keep)
	s.keepClock = func() error {
		kept.Keep(s.Clock.Offset())
		return kept.Err()
	}
	return nil
}

// path is a file within the data directory, "" if nothing is kept.
func (s *System) path(name string) string {
	if s.o.Data == "" {
		return ""
	}
	return filepath.Join(s.o.Data, name)
}

func (s *System) startFirestore(context.Context) (err error) {
	if s.o.Firestore == Off {
		return nil
	}
	kept, err := disk.Open(s.path("firestore.db"))
	if err != nil {
		return err
	}
	s.onClose(kept.Close)
	s.Firestore, err = firestore.New(firestore.Options{Clock: s.Clock, Disk: kept, Indexes: s.o.Indexes, Latency: s.o.Latency})
	if err != nil {
		return fmt.Errorf("firestore emulator: %w", err)
	}
	s.onClose(s.Firestore.Close)
	if _, err := s.Firestore.Listen(s.o.Firestore); err != nil {
		return addressInUse("-firestore", err)
	}
	return nil
}

// startFunctionsAndTasks starts what needs each other's addresses: the functions'
// listener is opened first, and served last.
func (s *System) startFunctionsAndTasks(ctx context.Context) error {
	var lis net.Listener
	if s.o.Functions != Off {
		var err error
		if lis, err = net.Listen("tcp", s.o.Functions); err != nil {
			return addressInUse("-functions", err)
		}
		s.onClose(func() error { return ignoreClosed(lis.Close()) })
		s.FunctionsURL = "http://" + lis.Addr().String()
	}
	env := s.environment()
	if err := env.complete(s.o); err != nil {
		return err
	}
	if err := s.startTasks(env); err != nil {
		return err
	}
	if err := s.startSendGrid(env); err != nil {
		return err
	}
	cfg, err := config.Load(s.o.Config, env.lookup, "")
	if err != nil {
		return fmt.Errorf("%s:\n%w", s.o.ConfigName, err)
	}
	s.Config = cfg
	if s.Tasks != nil {
		for _, q := range cfg.Env.Queues {
			if err := s.Tasks.EnsureQueue(q, queueRates, queueRetries); err != nil {
				return fmt.Errorf("make queue %s: %w", q, err)
			}
		}
	}
	if lis == nil {
		return nil
	}
	return s.serveFunctions(ctx, lis, cfg)
}

func (s *System) startTasks(env environment) (err error) {
	if s.o.CloudTasks == Off {
		return nil
	}
	s.Tasks, err = cloudtasks.New(cloudtasks.Options{
		Clock: s.Clock, Path: s.path("cloudtasks.db"), Issuer: issuer, Latency: s.o.Latency,
		Unlimited: s.o.Unlimited, Log: s.o.Log,
	})
	if err != nil {
		return fmt.Errorf("cloud tasks emulator: %w", err)
	}
	s.onClose(s.Tasks.Close)
	addr, err := s.Tasks.Listen(s.o.CloudTasks)
	if err != nil {
		return addressInUse("-cloudtasks", err)
	}
	env.vars["CLOUD_TASKS_EMULATOR_HOST"] = addr.String()
	return nil
}

func (s *System) startSendGrid(env environment) error {
	if s.o.SendGrid == Off {
		return nil
	}
	kept, err := disk.Open(s.path("sendgrid.db"))
	if err != nil {
		return err
	}
	s.onClose(kept.Close)
	o := sendgrid.Options{Clock: s.Clock, Disk: kept, Log: s.o.Log}
	if s.FunctionsURL != "" {
		o.EventsURL = s.FunctionsURL + "/webhooks/sendgrid"
	}
	s.SendGrid, err = sendgrid.New(o)
	if err != nil {
		return fmt.Errorf("sendgrid emulator: %w", err)
	}
	s.onClose(s.SendGrid.Close)
	addr, err := s.SendGrid.Listen(s.o.SendGrid)
	if err != nil {
		return addressInUse("-sendgrid", err)
	}
	env.vars["COMEBACK_SENDGRID_HOST"] = "http://" + addr.String()
	env.vars["COMEBACK_SENDGRID_EVENTS_KEY"] = s.SendGrid.PublicKey()
	return nil
}

func (s *System) serveFunctions(ctx context.Context, lis net.Listener, cfg *config.Config) (err error) {
	s.App, err = app.New(ctx, cfg, app.Options{
		Clock: s.Clock, Log: s.o.Log, Deadlines: s.o.Deadlines, QueueTimeout: s.o.QueueTimeout, CallerDeadline: s.o.CallerDeadline,
	})
	if err != nil {
		return err
	}
	s.onClose(s.App.Close)
	s.serve(lis, s.withKeys(withinWork(functions.Handler(s.App))))
	if s.Tasks != nil && !s.o.NoSweep {
		newSweeper(s).start()
	}
	return nil
}

func (s *System) startConsole(context.Context) error {
	if s.o.Console == Off {
		return nil
	}
	lis, err := net.Listen("tcp", s.o.Console)
	if err != nil {
		return addressInUse("-console", err)
	}
	s.ConsoleURL = "http://" + lis.Addr().String()
	s.serve(lis, console.New(s.consoleOptions()))
	return nil
}

// serve serves h until the System is closed, which lets requests in flight end.
func (s *System) serve(lis net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	go func() {
		if err := srv.Serve(lis); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve %s: %w", lis.Addr(), err)
		}
	}()
	s.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			return srv.Close()
		}
		return nil
	})
}

// withKeys offers the public keys of the tokens beside the functions.
func (s *System) withKeys(h http.Handler) http.Handler {
	if s.Tasks == nil {
		return h
	}
	keys := s.Tasks.JWKSHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == keysPath {
			keys.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// withinWork tells the clock that a task's run waits on behalf of its dispatch.
func withinWork(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-CloudTasks-TaskName") != "" {
			r = r.WithContext(clock.WithinWork(r.Context()))
		}
		h.ServeHTTP(w, r)
	})
}

func addressInUse(flag string, err error) error {
	if strings.Contains(err.Error(), "address already in use") {
		return fmt.Errorf("%w: is Comeback running already? Stop it, or choose another address with %s", err, flag)
	}
	return fmt.Errorf("%s: %w", flag, err)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
