package simulation

import "testing"

func TestHistories(t *testing.T) {
	t.Parallel()
	r := NewRunner(Hooks{})
	defer r.Close()
	for seed := range uint64(3000) {
		if h := r.Run(seed); len(h.Violations) > 0 {
			t.Fatal(r.Story(seed))
		}
	}
}

func BenchmarkHistory(b *testing.B) {
	r := NewRunner(Hooks{})
	defer r.Close()
	seed := uint64(0)
	for b.Loop() {
		seed++
		r.Run(seed)
	}
}
