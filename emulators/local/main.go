// Command local runs all of Comeback on one machine: the functions, and emulators
// of Firestore, Cloud Tasks and SendGrid, with a virtual clock and a console.
//
//	go run ./emulators/local          serve until interrupted
//	go run ./emulators/local demo     play a day in a shop and check the promises
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	// A signal ends the run in order; a second one ends it at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) > 0 && args[0] == "demo" {
		return runDemo(ctx, args[1:], out, errOut)
	}
	o, err := parseFlags(args, errOut)
	if err != nil {
		return err
	}
	o.Log = logger(errOut)
	s, err := Start(ctx, o)
	if err != nil {
		return err
	}
	s.printReady(out)
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
		return s.Close()
	case err := <-s.failed:
		return errors.Join(err, s.Close())
	}
}

// indexFiles collects -indexes, which may be repeated.
type indexFiles struct {
	files [][]byte
	given bool
}

func (f *indexFiles) String() string { return "the project's own" }

func (f *indexFiles) Set(path string) error {
	f.given = true
	if path == "" {
		return nil
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f.files = append(f.files, file)
	return nil
}

func parseFlags(args []string, errOut io.Writer) (Options, error) {
	o := DefaultOptions()
	fs := flag.NewFlagSet("local", flag.ContinueOnError)
	fs.SetOutput(errOut)
	var configFile, now string
	var indexes indexFiles
	fs.StringVar(&configFile, "config", "", "configuration `FILE` (default: a built-in example store)")
	fs.StringVar(&o.Data, "data", o.Data, "`DIR` that keeps everything between runs; \"\" keeps it in memory")
	fs.StringVar(&o.Functions, "functions", o.Functions, "`address` of the functions; off if they run elsewhere")
	fs.StringVar(&o.Console, "console", o.Console, "`address` of the console; off for none")
	fs.StringVar(&o.Firestore, "firestore", o.Firestore, "`address` of the Firestore emulator; off if FIRESTORE_EMULATOR_HOST names one")
	fs.StringVar(&o.CloudTasks, "cloudtasks", o.CloudTasks, "`address` of the Cloud Tasks emulator; off if CLOUD_TASKS_EMULATOR_HOST names one")
	fs.StringVar(&o.SendGrid, "sendgrid", o.SendGrid, "`address` of the SendGrid emulator; off if COMEBACK_SENDGRID_HOST names one")
	fs.Var(&indexes, "indexes", "index definitions `FILE` that the Firestore emulator enforces, instead of the project's own; may be repeated; \"\" alone lets every query pass")
	fs.StringVar(&now, "now", "", "start the clock at this `RFC3339` instant (default: the machine's time, or the kept clock)")
	fs.Usage = func() {
		fmt.Fprintln(errOut, "usage: local [flags]        run Comeback and the emulators on this machine\n       local demo [flags]   play a day in a shop; local demo -help tells more\n\nflags:")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see local -help", fs.Arg(0))
	}
	if indexes.given {
		o.Indexes = indexes.files
	}
	return o, o.read(configFile, now)
}

// read fills in what the flags name: the configuration and the clock's start.
func (o *Options) read(configFile, now string) (err error) {
	if configFile != "" {
		if o.Config, err = os.ReadFile(configFile); err != nil {
			return fmt.Errorf("-config: %w", err)
		}
		o.ConfigName = configFile
	}
	if now != "" {
		if o.Now, err = time.Parse(time.RFC3339, now); err != nil {
			return fmt.Errorf("-now %q: want an RFC 3339 instant like 2026-11-20T17:30:00Z", now)
		}
	}
	return nil
}
