package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/comeback-checkout/comeback/emulators/local/demo"
)

// runDemo plays a day in a shop: against the system that runs already, or else
// against a fresh one that keeps everything in memory.
func runDemo(ctx context.Context, args []string, out, errOut io.Writer) error {
	o := demo.Options{Out: out, Terminal: isTerminal(out)}
	fs := flag.NewFlagSet("local demo", flag.ContinueOnError)
	fs.SetOutput(errOut)
	fs.StringVar(&o.Functions, "functions", "http://127.0.0.1:8080", "`address` of a running system's functions")
	fs.StringVar(&o.Console, "console", "http://127.0.0.1:8025", "`address` of its console")
	fs.StringVar(&o.APIKey, "key", "local", "the store's API `key`")
	fs.IntVar(&o.Checkouts, "checkouts", 200, "how many `checkouts` the day has")
	fs.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()%1_000_000), "play the day of this `number` again")
	if err := fs.Parse(args); err != nil {
		return err
	}
	named := false
	fs.Visit(func(f *flag.Flag) { named = named || f.Name == "functions" || f.Name == "console" })
	if !named && !answers(ctx, o.Console+"/api/clock") {
		s, err := startForDemo(ctx, errOut)
		if err != nil {
			return err
		}
		defer s.Close()
		fmt.Fprintln(out, "no system runs on this machine: started a fresh one, which ends with the demo")
		o.Functions, o.Console = s.FunctionsURL, s.ConsoleURL
	}
	return demo.Run(ctx, o)
}

func startForDemo(ctx context.Context, errOut io.Writer) (*System, error) {
	o := DefaultOptions()
	o.Data = ""
	o.Functions, o.Console, o.Firestore, o.CloudTasks, o.SendGrid = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	o.Log = logger(errOut)
	return Start(ctx, o)
}

// answers says whether something answers a GET of the URL with 200.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// isTerminal says whether a progress line can be rewritten in place.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
