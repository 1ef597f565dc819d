package recoverytest

import (
	"context"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// LastHeard implements recovery.DB.
func (d *DB) LastHeard(ctx context.Context, sources []recovery.Source) (heard map[recovery.Source]time.Time, err error) {
	err = d.do(ctx, func() error {
		heard = map[recovery.Source]time.Time{}
		for _, from := range sources {
			if at, ok := d.heard[from]; ok {
				heard[from] = at
			}
		}
		return nil
	})
	return heard, err
}
