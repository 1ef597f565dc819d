package config

// Check says what is wrong with the file for a deployment, before there is one: what
// [Load] would find in the cloud, if every secret that the file refers to had a value
// of its own. The environment does not count. The error joins all faults, a line each.
func Check(file []byte) error {
	l := &loader{
		faults:   &faults{},
		lookup:   func(string) (string, bool) { return "", false },
		cloud:    true,
		standIns: true,
	}
	l.file(file, &Config{Stores: map[string]*Store{}})
	return l.join()
}
