// Command simulate plays random histories of a shop against the product and checks the
// promises: see package simulation.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/comeback-checkout/comeback/internal/simulation"
)

func main() {
	n := flag.Int("n", 20_000, "how many `histories`")
	seed := flag.Uint64("seed", 1, "the first `seed`; each history has the next")
	story := flag.Bool("story", false, "tell the history of -seed, whether it breaks a promise or not")
	threads := flag.Int("threads", runtime.GOMAXPROCS(0), "how many histories at once")
	flag.Parse()
	debug.SetGCPercent(800) // a history leaves much behind and keeps nothing
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *story {
		r := simulation.NewRunner(simulation.Hooks{})
		defer r.Close()
		fmt.Print(r.Tell(*seed))
		return
	}
	if !simulate(ctx, *seed, *n, *threads) {
		os.Exit(1)
	}
}

// simulate says whether every promise was kept.
func simulate(ctx context.Context, seed uint64, n, threads int) bool {
	var shown time.Duration
	total := simulation.Many(ctx, simulation.Hooks{}, seed, n, threads, func(s simulation.Summary) {
		if s.Took-shown < time.Second {
			return
		}
		shown = s.Took
		left := time.Duration(float64(n-s.Histories)/s.PerSecond()) * time.Second
		fmt.Fprintf(os.Stderr, "\r%d of %d histories, %.0f a second, %s left, %d broke a promise ", s.Histories, n, s.PerSecond(), left, s.Violated)
	})
	fmt.Fprintln(os.Stderr)
	total.Write(os.Stdout)
	if total.Violated == 0 {
		return true
	}
	r := simulation.NewRunner(simulation.Hooks{})
	defer r.Close()
	fmt.Printf("seeds: %d\n\n%s", total.Failing, r.Story(total.Failing[0]))
	return false
}
