// Command deploy puts Comeback into a Google Cloud project, and takes it out again,
// with Terraform (or OpenTofu) and the module in the folder above.
//
//	go run ./terraform/deploy plan    -project my-shop-123 -config comeback.yaml -alert-email you@example.com
//	go run ./terraform/deploy apply   -project my-shop-123 -config comeback.yaml -alert-email you@example.com
//	go run ./terraform/deploy help
//
// It adds to Terraform what a first deployment needs: it checks the configuration
// before anything is made, warns of what would lose data, gives the secrets their
// values without Terraform ever seeing them, and waits for fresh APIs and grants.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// The exit statuses.
const (
	exitDone        = 0
	exitError       = 1
	exitChanges     = 2 // plan: there is something to change
	exitUsage       = 2 // no such command
	exitRefused     = 3
	exitInterrupted = 130
)

const exitHelp = `exit status:
  0    done; for plan: nothing to change
  1    an error, which is printed
  2    for plan: something would change; otherwise: no such command
  3    refused: somebody said no, or nobody was there to ask
  130  interrupted
go run itself ends with 1 whenever the program does not end with 0. Where a script
reads the status, build the command first: go build -o bin/deploy ./terraform/deploy
`

// exit is an error that ends the program with a status of its own.
type exit struct {
	code int
	err  error // nil if all was said
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// refused ends the program because a person, or the lack of one, stopped it.
func refused(format string, args ...any) error {
	return exit{code: exitRefused, err: fmt.Errorf(format, args...)}
}

func main() {
	p := newProgram()
	ctx := p.catchSignals()
	os.Exit(p.run(ctx, os.Args[1:]))
}

// catchSignals gives a context that the first Ctrl-C, SIGTERM or loss of the terminal
// ends; then Terraform finishes what it has begun. A second one ends the program at once,
// and Terraform with it, since the kernel kills it with its parent. So nothing else may
// end the program meanwhile: not even that nobody reads its output any more.
func (p *program) catchSignals() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	tf, cancelTerraform := context.WithCancel(context.Background())
	p.terraformContext = tf
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // writing fails instead
	go func() {
		first := <-signals
		fmt.Fprintln(p.errOut, "\nstopping: Terraform finishes what it has begun, so that its state stays true. Once more ends it at once.")
		cancel()
		// On Linux Terraform runs in a process group of its own and has to be told. Elsewhere
		// a Ctrl-C has reached it already, and a second interrupt would end it at once.
		if runtime.GOOS == "linux" || first != os.Interrupt {
			cancelTerraform()
		}
		<-signals
		p.abandoned.Range(func(path, _ any) bool { return os.RemoveAll(path.(string)) == nil })
		os.Exit(exitInterrupted)
	}()
	return ctx
}

// run does what the arguments say and gives the exit status.
func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		p.usage(p.errOut)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		p.usage(p.out)
		return exitDone
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return p.status(ctx, c.run(p, ctx, args[1:]))
		}
	}
	fmt.Fprintf(p.errOut, "deploy: no command %q\n\n", args[0])
	p.usage(p.errOut)
	return exitUsage
}

// status prints what went wrong, if anything, and gives the exit status.
func (p *program) status(ctx context.Context, err error) int {
	var e exit
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case ctx.Err() != nil:
		fmt.Fprintln(p.errOut, "interrupted")
		return exitInterrupted
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintln(p.errOut, "deploy:", e.err)
		}
		return e.code
	}
	fmt.Fprintln(p.errOut, "deploy:", err)
	return exitError
}

func (p *program) usage(w io.Writer) {
	fmt.Fprintln(w, "usage: go run ./terraform/deploy <command> [flags]")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(w, "\ndeploy <command> -help tells more of each.\n\n%s", exitHelp)
}
