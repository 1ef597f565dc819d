package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// clockFile keeps by how much the virtual clock is ahead of the machine's. It is
// written at every jump, without a sync: that survives a kill of the process.
type clockFile struct {
	file *os.File // nil keeps nothing

	mu  sync.Mutex
	err error
}

func openClockFile(path string) (*clockFile, error) {
	if path == "" {
		return &clockFile{}, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep the clock: %w", err)
	}
	return &clockFile{file: f}, nil
}

// Start is the offset to start with: the one that brings the clock to now, if that
// is given, else the kept one. The clock never goes back.
func (f *clockFile) Start(now, machine time.Time) (time.Duration, error) {
	kept, found, err := f.read()
	switch {
	case err != nil:
		return 0, err
	case now.IsZero():
		return kept, nil
	case found && now.Before(machine.Add(kept)):
		return 0, fmt.Errorf("-now %s: the kept clock shows %s already, and it never goes back: choose a later instant, or remove the data directory",
			now.Format(time.RFC3339), machine.Add(kept).UTC().Format(time.RFC3339))
	}
	return now.Sub(machine), nil
}

func (f *clockFile) read() (offset time.Duration, found bool, err error) {
	if f.file == nil {
		return 0, false, nil
	}
	text, err := os.ReadFile(f.file.Name())
	if err != nil || len(text) == 0 {
		return 0, false, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("%s: want a number of nanoseconds: remove the data directory to start anew", f.file.Name())
	}
	return time.Duration(n), true, nil
}

// Keep writes the offset, at a fixed width, so that one short write replaces it.
func (f *clockFile) Keep(offset time.Duration) {
	if f.file == nil {
		return
	}
	_, err := f.file.WriteAt(fmt.Appendf(nil, "%020d\n", offset.Nanoseconds()), 0)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = errors.Join(f.err, err)
}

// Err tells whether keeping has failed.
func (f *clockFile) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Close closes the file and tells whether keeping ever failed.
func (f *clockFile) Close() error {
	if f.file == nil {
		return nil
	}
	return errors.Join(f.Err(), f.file.Close())
}
