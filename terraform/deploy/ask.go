package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// agree asks for a word that has to be typed in full. yes, a flag, stands for it.
func (p *program) agree(ctx context.Context, yes bool, question, word string) error {
	if yes {
		return nil
	}
	if !p.interactive {
		return refused("nobody is here to ask: have a look with deploy plan, then give -yes")
	}
	fmt.Fprintf(p.out, "\n%s Type %s to go on: ", question, word)
	line, err := p.readLine(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != word {
		return refused("stopped, as you said")
	}
	return nil
}

// readLine reads what a person types; an interrupt ends the wait.
func (p *program) readLine(ctx context.Context) (string, error) {
	return interruptible(ctx, func() (string, error) {
		line, err := p.in.ReadString('\n')
		if errors.Is(err, io.EOF) { // no more input is as good as a no
			err = nil
		}
		return line, err
	})
}

// interruptible gives what read gives, or the context's error if that ends first.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return r.text, r.err
	}
}

// readSecret reads a line from the terminal without showing it.
func readSecret(ctx context.Context) (string, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	text, err := interruptible(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	if ctx.Err() != nil {
		_ = term.Restore(fd, before) // or the shell would show nothing either
	}
	return text, err
}
