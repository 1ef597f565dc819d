package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// issuersKey is the public key that the emulator's tokens verify with, as anybody can
// fetch it.
func (w *world) issuersKey() *jose.JSONWebKey {
	w.t.Helper()
	res, err := http.Get(w.FunctionsURL + keysPath)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil || len(set.Keys) == 0 {
		w.t.Fatalf("no key: %v", err)
	}
	return &set.Keys[0]
}

// forge signs a good token's claims by another key or algorithm.
func forge(t *testing.T, alg jose.SignatureAlgorithm, key any, header map[string]any, claims []byte) string {
	t.Helper()
	o := &jose.SignerOptions{}
	for name, value := range header {
		o.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A token counts only as its issuer signed it, whatever its header says of algorithm
// and key. See TestWhoMayCallRemind for other audiences, accounts and times, and package
// callerauth's tests for all of that behind Cloud Run.
func TestAttacksByTokens(t *testing.T) {
	t.Parallel()
	w := attacked(t, "")
	env := w.Config.Env
	good, err := w.Tasks.Token(env.TasksAccount, env.RemindURL)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	issuers := w.issuersKey()
	der, err := x509.MarshalPKIXPublicKey(issuers.Key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kid := map[string]any{"kid": issuers.KeyID}
	plain := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "."
	}
	jwk := func(key any) map[string]any {
		return map[string]any{"kid": issuers.KeyID, "jwk": jose.JSONWebKey{Key: key}}
	}
	tokens := map[string]string{
		"alg none":                                plain(`{"alg":"none","kid":"` + issuers.KeyID + `"}`),
		"alg None, with a signature":              plain(`{"alg":"None"}`) + parts[2],
		"no alg":                                  plain(`{"kid":"`+issuers.KeyID+`"}`) + parts[2],
		"HS256 keyed with the public key":         forge(t, jose.HS256, der, kid, claims),
		"HS256 keyed with the public key as PEM":  forge(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), kid, claims),
		"HS256 keyed with the modulus":            forge(t, jose.HS256, issuers.Key.(*rsa.PublicKey).N.Bytes(), kid, claims),
		"ES256":                                   forge(t, jose.ES256, curve, kid, claims),
		"RS512, by another key":                   forge(t, jose.RS512, own, kid, claims),
		"another key by the same name":            forge(t, jose.RS256, own, kid, claims),
		"another key without a name":              forge(t, jose.RS256, own, nil, claims),
		"another key by its own name":             forge(t, jose.RS256, own, map[string]any{"kid": "mine"}, claims),
		"a key brought along":                     forge(t, jose.RS256, own, jwk(own.Public()), claims),
		"a key to be fetched":                     forge(t, jose.RS256, own, map[string]any{"kid": "mine", "jku": "https://evil.example.net/keys", "x5u": "https://evil.example.net/cert"}, claims),
		"other claims under a good signature":     parts[0] + "." + base64.RawURLEncoding.EncodeToString(append(claims, ' ')) + "." + parts[2],
		"a signature said to be removed":          plain(`{"alg":"RS256"}`) + "SIGNATURE_REMOVED_BY_GOOGLE",
		"a signature said to be removed, no alg":  plain(`{}`) + "SIGNATURE_REMOVED_BY_GOOGLE",
		"an encrypted token":                      "e30.e30.e30.e30.e30",
		"a token of 100 KiB":                      strings.Repeat("a", 100<<10) + ".e30.e30",
		"the token in JSON's other serialization": fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]),
	}
	task := fmt.Sprintf(`{"v":1,"store":"default","checkout":%q,"generation":1,"step":1}`, recovery.CheckoutKey("default", "chk_7f3a91"))
	var attacks []attack
	for name, token := range tokens {
		authorization := []string{"Authorization", "Bearer " + token}
		attacks = append(attacks, attack{name: name, path: "/tasks/remind", body: task, headers: authorization, want: 401})
	}
	scheduler, err := w.Tasks.Token(env.SchedulerAccount, env.SweepURL)
	if err != nil {
		t.Fatal(err)
	}
	w.refuse(append(
		attacks,
		attack{name: "a token of another purpose", path: "/tasks/sweep", headers: []string{"Authorization", "Bearer " + good}, want: 401},
		attack{name: "the scheduler's token", path: "/tasks/remind", body: task, headers: []string{"Authorization", "Bearer " + scheduler}, want: 401},
		attack{name: "a task's token for a checkout", body: sample(t, "checkout.json"), headers: []string{"Authorization", "Bearer " + good}, want: 401},
		attack{name: "headers of Cloud Tasks alone", path: "/tasks/remind", body: task, headers: []string{"Authorization", "", "X-CloudTasks-TaskName", "x", "X-CloudTasks-QueueName", "reminders", "X-Goog-Authenticated-User-Email", env.TasksAccount}, want: 401},
	))
	// The good one goes through all of that, and comes too early.
	w.post(http.StatusTooEarly, "/tasks/remind", task, "Authorization", "Bearer "+good)
	w.wantMails(ana)
}
