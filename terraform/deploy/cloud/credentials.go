package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/oauth2"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/http"
)

// scope is what gcloud and Terraform ask for too: what the person may do, in all.
const scope = "https://www.googleapis.com/auth/cloud-platform"

func (o Options) lookup() func(string) (string, bool) {
	if o.Lookup == nil {
		return os.LookupEnv
	}
	return o.Lookup
}

// authenticated is an HTTP client with the operator's credentials.
func authenticated(ctx context.Context, lookup func(string) (string, bool)) (*http.Client, error) {
	options, err := credentials(lookup)
	if err != nil {
		return nil, err
	}
	client, _, err := transport.NewClient(ctx, append(options, option.WithScopes(scope))...)
	return client, err
}

// credentials are those that Terraform's provider would take, in its order; none
// stands for the Application Default Credentials.
func credentials(lookup func(string) (string, bool)) ([]option.ClientOption, error) {
	options := []option.ClientOption{option.WithTelemetryDisabled()}
	if token, _ := lookup("GOOGLE_OAUTH_ACCESS_TOKEN"); token != "" {
		source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
		return append(options, option.WithTokenSource(source)), nil
	}
	for _, name := range []string{"GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"} {
		value, _ := lookup(name)
		if value == "" {
			continue
		}
		key, kind, err := readKey(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrCredentials, err)
		}
		return append(options, option.WithAuthCredentialsJSON(kind, key)), nil
	}
	return options, nil
}

// readKey reads credentials that are given as JSON or as a file's path. Nothing of
// what is in them reaches an error.
func readKey(value string) ([]byte, option.CredentialsType, error) {
	key := []byte(value)
	if !strings.HasPrefix(strings.TrimSpace(value), "{") {
		var err error
		if key, err = os.ReadFile(value); err != nil {
			return nil, "", fmt.Errorf("want a key as JSON, or the path of a file with one")
		}
	}
	var head struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(key, &head) != nil || head.Type == "" {
		return nil, "", fmt.Errorf("want a key as JSON with a type, as Google Cloud hands it out")
	}
	return key, option.CredentialsType(head.Type), nil
}
