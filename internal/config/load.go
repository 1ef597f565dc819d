package config

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// loader reads one file and its environment.
type loader struct {
	*faults
	lookup   func(string) (string, bool)
	function string // whose secrets and variables are needed; "" for everything
	cloud    bool   // K_SERVICE is set: nothing falls back to a value for development
	standIns bool   // a reference to a secret is as good as the secret: see Check
}

// Load reads the file, with lookup (os.LookupEnv) for the environment. It resolves
// the secrets of the named function only, as [Secrets] lists them; "" stands for all
// functions, as on one machine.
//
// The error joins all faults, a line each, like
//
//	stores.default.reminders[1].after: "0s": want a duration longer than the step before (30m) (line 9)
//
// It shows no secret.
func Load(file []byte, lookup func(string) (string, bool), functionName string) (*Config, error) {
	l := &loader{faults: &faults{}, lookup: lookup, function: functionName}
	l.cloud = l.variable(varKService) != ""
	if _, known := functions[functionName]; !known && functionName != "" {
		l.add(varFunctionTarget, quote(functionName), "want one of "+strings.Join(Functions(), ", "))
	}
	c := &Config{Stores: map[string]*Store{}}
	l.file(file, c)
	c.Env = l.env(c.Queues)
	if c.Queues == 0 {
		c.Queues = max(1, len(c.Env.Queues))
	}
	if err := l.join(); err != nil {
		return nil, err
	}
	return c, nil
}

// variable is an environment variable's value, "" if it is not set. White space at
// its ends is cut: a secret made from a file often ends in a line break.
func (l *loader) variable(name string) string {
	v, _ := l.lookup(name)
	return strings.TrimSpace(v)
}

const noStores = "want at least one store: start from internal/config/comeback.yaml, the built-in example"

func (l *loader) file(file []byte, c *Config) {
	root, ok := l.root(file)
	if !ok {
		return
	}
	defer root.done()
	c.Queues = root.get("queues").integer(0, 1, maxQueues) // 0: the environment decides
	p := root.get("stores")
	stores, ok := p.object()
	switch {
	case !p.given():
		p.fault(noStores)
	case ok && len(stores.names) == 0:
		l.add(p.path, "empty", noStores)
	}
	for _, id := range stores.names {
		if s := l.store(stores.get(id), id); s != nil {
			c.Stores[id] = s
		}
	}
	l.ownKeys(stores, c)
	l.ownShops(stores, c)
}

// ownKeys refuses an API key that two stores share, since the key names the store. On
// one machine the value for development may stand in for all of them.
func (l *loader) ownKeys(stores *object, c *Config) {
	owner := map[Secret]string{}
	for _, id := range stores.names {
		s := c.Stores[id]
		if s == nil || !l.cloud {
			continue
		}
		for _, key := range s.APIKeys {
			if other, ok := owner[key]; ok && other != id && key != "" {
				l.add("stores."+id+".api_keys", "(not shown)", "want a key of its own: store "+other+" has the same")
			}
			owner[key] = id
		}
	}
}

// ownShops refuses a shop that two stores name, since it names the store of its webhooks.
func (l *loader) ownShops(stores *object, c *Config) {
	owner := map[string]string{}
	for _, id := range stores.names {
		s := c.Stores[id]
		if s == nil {
			continue
		}
		for _, shop := range s.shops() {
			if other, ok := owner[shop[0]+shop[1]]; ok && other != id {
				l.add("stores."+id+"."+shop[0], quote(shop[1]), "want a shop of its own: store "+other+" has the same")
			}
			owner[shop[0]+shop[1]] = id
		}
	}
}

// shops are the shops that the store's webhooks name, each after its key.
func (s *Store) shops() (list [][2]string) {
	if s.Shopify != nil && s.Shopify.Shop != "" {
		list = append(list, [2]string{"shopify.shop", s.Shopify.Shop})
	}
	if s.WooCommerce != nil && s.WooCommerce.URL != "" {
		_, address, _ := strings.Cut(s.WooCommerce.URL, "://")
		list = append(list, [2]string{"woocommerce.url", strings.TrimRight(address, "/")})
	}
	return list
}

// root reads the file as one YAML document that is a mapping.
func (l *loader) root(file []byte) (*object, bool) {
	var documents []yaml.Node
	err := yaml.Load(file, &documents, yaml.WithAllDocuments())
	switch {
	case err != nil:
		l.add("the file", "not YAML", err.Error())
		return nil, false
	case len(documents) > 1:
		l.add("the file", "several YAML documents", "want one: remove the lines that are ---")
		return nil, false
	}
	p := place{faults: l.faults}
	if len(documents) == 1 && len(documents[0].Content) == 1 {
		p = p.at("", documents[0].Content[0])
	}
	if !p.given() {
		l.add("stores", "missing", noStores)
		return nil, false
	}
	if p.node.Kind != yaml.MappingNode {
		l.add("the file", "not a mapping", "want the keys queues and stores at its top")
		return nil, false
	}
	return p.object()
}

var storeID = matching(regexp.MustCompile(`^[a-z0-9-]{1,40}$`), "want a store's ID of 1 to 40 letters a-z, digits and hyphens")
