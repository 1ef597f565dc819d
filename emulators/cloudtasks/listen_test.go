package cloudtasks_test

import (
	"testing"

	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
)

// The address is known as soon as Listen returns.
func TestAddrAfterListen(t *testing.T) {
	t.Parallel()
	for range 50 {
		s, err := cloudtasks.New(cloudtasks.Options{})
		if err != nil {
			t.Fatal(err)
		}
		addr, err := s.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Addr(); got == nil || got.String() != addr.String() {
			t.Errorf("got %v, want %v", got, addr)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
