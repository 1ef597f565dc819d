package cloud

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"

	"google.golang.org/api/secretmanager/v1"
)

func (c *Client) secretPath(name string) string {
	return "projects/" + c.project + "/secrets/" + name
}

// SecretState says whether a secret exists, and whether it has a version that can
// be read.
func (c *Client) SecretState(ctx context.Context, name string) (exists, hasVersion bool, err error) {
	what := "look for secret " + name
	err = c.call(ctx, what, func(ctx context.Context) error {
		_, err := c.secrets.Projects.Secrets.Get(c.secretPath(name)).Context(ctx).Do()
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return false, false, nil
	case err != nil:
		return false, false, err
	}
	err = c.call(ctx, what, func(ctx context.Context) error {
		list, err := c.secrets.Projects.Secrets.Versions.List(c.secretPath(name)).Filter("state:ENABLED").PageSize(1).Context(ctx).Do()
		hasVersion = err == nil && len(list.Versions) > 0
		return err
	})
	return true, hasVersion, err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AddSecretVersion gives a secret a new value, which becomes its latest version. The
// secret has to exist. A second identical call adds a second version.
func (c *Client) AddSecretVersion(ctx context.Context, name string, value []byte) error {
	if len(value) == 0 {
		return fmt.Errorf("add a version of secret %s: the value is empty", name)
	}
	request := &secretmanager.AddSecretVersionRequest{Payload: &secretmanager.SecretPayload{
		Data:            base64.StdEncoding.EncodeToString(value),
		DataCrc32c:      int64(crc32.Checksum(value, castagnoli)),
		ForceSendFields: []string{"DataCrc32c"},
	}}
	return c.call(ctx, "add a version of secret "+name, func(ctx context.Context) error {
		_, err := c.secrets.Projects.Secrets.AddVersion(c.secretPath(name), request).Context(ctx).Do()
		return err
	})
}

// SecretValue reads a secret's latest version. ErrNotFound: there is no such secret,
// or it has no version.
func (c *Client) SecretValue(ctx context.Context, name string) (value []byte, err error) {
	err = c.call(ctx, "read secret "+name, func(ctx context.Context) error {
		answer, err := c.secrets.Projects.Secrets.Versions.Access(c.secretPath(name) + "/versions/latest").Context(ctx).Do()
		if err != nil {
			return err
		}
		if value, err = base64.StdEncoding.DecodeString(answer.Payload.Data); err != nil {
			return errors.New("the answer is not base64")
		}
		return nil
	})
	return value, err
}
