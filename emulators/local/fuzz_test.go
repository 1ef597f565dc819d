package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzClockFile looks for a kept clock that brings the clock back, or ends the run
// without saying how to go on.
func FuzzClockFile(f *testing.F) {
	for _, text := range []string{"", "00000000001800000000\n", "0", "-1", "99999999999999999999", "9223372036854775807", "1e9", "12\x0034", "\n\n7", "0x10", "٧"} {
		f.Add([]byte(text), int64(0))
		f.Add([]byte(text), int64(time.Hour))
	}
	machine := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte, ahead int64) {
		path := filepath.Join(t.TempDir(), "clock")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := openClockFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		kept, err := file.Start(time.Time{}, machine)
		if err != nil {
			return
		}
		now := machine.Add(time.Duration(ahead))
		if started, err := file.Start(now, machine); err == nil && started < kept && len(text) > 0 { // an empty one keeps nothing
			t.Errorf("%q: -now starts at %v, before the kept %v", text, started, kept)
		}
		if len(text) > len("00000000001800000000\n") {
			return // more than was ever written
		}
		file.Keep(kept)
		if again, err := file.Start(time.Time{}, machine); err != nil || again != kept {
			t.Errorf("kept %v, got %v, %v", kept, again, err)
		}
	})
}
