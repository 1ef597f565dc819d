package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/taskqueue"
)

// firestore opens the database, at the emulator where one is named.
func (a *App) firestore(ctx context.Context, env config.Env) (*firestore.Client, error) {
	client, err := firestore.NewClientWithDatabase(ctx, env.Project, env.Database, clientOptions(env.FirestoreEmulatorHost)...)
	if err != nil {
		return nil, fmt.Errorf("firestore: %w", err)
	}
	a.close = append(a.close, client.Close)
	return client, nil
}

// queue opens Cloud Tasks, at the emulator where one is named. No such variable is
// the client's own.
func (a *App) queue(ctx context.Context, env config.Env, timeout time.Duration) (*taskqueue.Queue, error) {
	client, err := cloudtasks.NewClient(ctx, clientOptions(env.CloudTasksEmulatorHost)...)
	if err != nil {
		return nil, fmt.Errorf("cloud tasks: %w", err)
	}
	a.close = append(a.close, client.Close)
	return taskqueue.New(client, taskqueue.Config{
		Queues: env.Queues, RemindURL: env.RemindURL, Account: env.TasksAccount, Timeout: timeout,
	})
}

// clientOptions lead a client to an emulator without credentials, where one is named.
// The clients' tracing is off: nobody reads it, and it costs a third of a call's work.
func clientOptions(host string) []option.ClientOption {
	options := []option.ClientOption{option.WithTelemetryDisabled()}
	if host == "" {
		return options
	}
	return append(options,
		option.WithEndpoint(strings.TrimPrefix(host, "http://")), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	)
}

// systemClock is the machine's clock.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Wait(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newID makes a random ID of 130 bits.
func newID() string { return strings.ToLower(rand.Text()) }
